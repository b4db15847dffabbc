import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { ErrorNotice, Notice } from '../parts/notice';
import { LoadingRows } from '../parts/skeleton';
import { Refused } from '../resource/refused';
import { t } from '../strings';
import { useChangeRule, useRule } from './use-rule';
import type { Answer } from '../api/client';

interface Props {
  path: string;
  title: string;
  about: string;
  done: string;
  onClose: () => void;
}

/** Takes a budget or a rule away after asking; not one that somebody changed meanwhile. */
export function RemoveRule(props: Props) {
  const rule = useRule(props.path);
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <p>{props.about}</p>
      {rule.isPending && <LoadingRows rows={1} height="2.25rem" />}
      {rule.error && !rule.data && <ErrorNotice error={rule.error} alert={false} />}
      {rule.data ? (
        <Confirm {...props} loaded={rule.data} />
      ) : (
        <div className="dialog-actions">
          <Button onClick={props.onClose}>{t('cancel')}</Button>
        </div>
      )}
    </Dialog>
  );
}

function Confirm({ path, done, onClose, loaded }: Props & { loaded: Answer<unknown> }) {
  const { change, stale, other } = useChangeRule(loaded, onClose);
  return (
    <>
      {stale !== undefined && (
        <Notice kind="warn" title={t('error.stale.title')} alert>
          <p>{t('ai.stale.remove')}</p>
        </Notice>
      )}
      {other && <Refused error={other} />}
      <div className="dialog-actions">
        <Button onClick={onClose}>{t('cancel')}</Button>
        <Button
          look="danger"
          busy={change.isPending}
          onClick={() => {
            change.mutate({ method: 'DELETE', path, done });
          }}
        >
          {t('limits.own.remove')}
        </Button>
      </div>
    </>
  );
}
