import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { Notice } from '../parts/notice';
import { t } from '../strings';

/** Said when someone else's change came first: nothing of theirs is overwritten unseen. */
export function Unkept({ onSettle }: { onSettle: (mine: boolean) => void }) {
  return (
    <Notice kind="warn" title={t('layout.conflict.title')} alert>
      <p>{t('layout.conflict')}</p>
      <div className="row">
        <Button
          onClick={() => {
            onSettle(true);
          }}
        >
          {t('layout.conflict.mine')}
        </Button>
        <Button
          onClick={() => {
            onSettle(false);
          }}
        >
          {t('layout.conflict.theirs')}
        </Button>
      </div>
    </Notice>
  );
}

/** Asks before a person's own arrangement is forgotten. */
export function ResetDialog({ onReset, onClose }: { onReset: () => void; onClose: () => void }) {
  return (
    <Dialog title={t('layout.reset.ask')} onClose={onClose}>
      <p>{t('layout.reset.about')}</p>
      <div className="dialog-actions">
        <Button onClick={onClose}>{t('cancel')}</Button>
        <Button
          look="primary"
          onClick={() => {
            onReset();
            onClose();
          }}
        >
          {t('layout.reset')}
        </Button>
      </div>
    </Dialog>
  );
}
