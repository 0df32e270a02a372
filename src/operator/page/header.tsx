import type { JSX } from 'preact'
import type { SessionInfo } from '../api.ts'
import { language, speak, t } from './i18n.ts'
import { Icon, type IconName } from './parts/icon.tsx'
import { hrefOf, type Route } from './router.ts'
import { light, type Theme, theme } from './theme.ts'

const PLACES: readonly { readonly route: Route; readonly icon: IconName }[] = [
  { route: { view: 'board' }, icon: 'board' },
  { route: { view: 'history', filter: {} }, icon: 'history' },
  { route: { view: 'phone' }, icon: 'phone' },
]
const NEXT_THEME: Readonly<Record<Theme, Theme>> = { auto: 'light', light: 'dark', dark: 'auto' }
const THEME_ICONS: Readonly<Record<Theme, IconName>> = { auto: 'contrast', light: 'sun', dark: 'moon' }

interface HeaderProps {
  readonly route: Route
  readonly session: SessionInfo | undefined
  onSignOut(): void
}

/** Where one can go, and how the page is lit and speaks. */
export function Header({ route, session, onSignOut }: HeaderProps): JSX.Element {
  const isIn = session?.operator !== undefined
  return (
    <header class="top">
      <a class="brand" href={hrefOf({ view: 'board' })} aria-label="Offhook">
        <Icon name="phone" size={20} />
        <span>Offhook</span>
      </a>
      {isIn && (
        <nav class="places" aria-label={t('page.places')}>
          {PLACES.map(({ route: place, icon }) => (
            <a key={place.view} href={hrefOf(place)} {...(route.view === place.view ? { 'aria-current': 'page' } : {})}>
              <Icon name={icon} />
              <span>{t(`title.${place.view}`)}</span>
            </a>
          ))}
        </nav>
      )}
      <div class="top-tools">
        <ThemeButton />
        <LanguageButton />
        {isIn && session.signIn === 'password' && (
          <button
            type="button"
            class="button button-quiet"
            onClick={onSignOut}
            aria-label={t('signIn.out')}
            title={t('signIn.out')}
          >
            <Icon name="signOut" />
          </button>
        )}
      </div>
    </header>
  )
}

function ThemeButton(): JSX.Element {
  const now = theme()
  const label = t('theme.is', { theme: t(`theme.${now}`) })
  return (
    <button
      type="button"
      class="button button-quiet"
      aria-label={label}
      title={label}
      onClick={() => light(NEXT_THEME[now])}
    >
      <Icon name={THEME_ICONS[now]} />
    </button>
  )
}

function LanguageButton(): JSX.Element {
  const other = language() === 'en' ? 'zh' : 'en'
  return (
    <button type="button" class="button button-quiet" lang={other} onClick={() => speak(other)}>
      <Icon name="language" />
      <span class="top-language">{other === 'zh' ? '中文' : 'English'}</span>
    </button>
  )
}
