import type { ComponentType, JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { t } from '../i18n.ts'

/** A part of the page that is fetched when it is shown for the first time. */
export function lazy<Props extends object>(load: () => Promise<ComponentType<Props>>): (props: Props) => JSX.Element {
  let loaded: ComponentType<Props> | undefined
  return function Lazy(props: Props) {
    const [state, setState] = useState<'waiting' | 'there' | 'failed'>('waiting')
    useEffect(() => {
      if (loaded !== undefined) return
      load().then(
        (component) => {
          loaded = component
          setState('there')
        },
        // After an update of the server the old page's parts are gone.
        () => setState('failed'),
      )
    }, [])
    const Component = loaded
    if (Component !== undefined) return <Component {...props} />
    return <p class="quiet">{state === 'failed' ? t('page.reload') : t('page.loading')}</p>
  }
}
