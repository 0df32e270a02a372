import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Directory } from '../../api.ts'
import { t } from '../i18n.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Icon } from '../parts/icon.tsx'

interface TransferDialogProps {
  /** At least one. */
  readonly targets: Directory['transferTargets']
  /** @param destination the name of a target. */
  onTransfer(destination: string): void
  onClose(): void
}

/** Puts the caller through to somebody who is known: the server dials nobody else. */
export function TransferDialog({ targets, onTransfer, onClose }: TransferDialogProps): JSX.Element {
  const [chosen, setChosen] = useState(targets[0]?.name)
  return (
    <Dialog title={t('transfer.title')} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault()
          if (chosen !== undefined) onTransfer(chosen)
        }}
      >
        <fieldset class="choices">
          <legend>{t('transfer.whom')}</legend>
          {targets.map(({ name, number }, index) => (
            <label key={`${index} ${name}`} class="check">
              <input type="radio" name="target" checked={chosen === name} onChange={() => setChosen(name)} />
              <span>
                {name} <span class="quiet number">{number}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <div class="row row-end">
          <button type="button" class="button" onClick={onClose}>
            {t('dialog.cancel')}
          </button>
          <button type="submit" class="button button-primary">
            <Icon name="transfer" /> {t('live.transfer')}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
