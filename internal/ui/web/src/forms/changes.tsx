import { Button } from '../parts/button';
import { Notice } from '../parts/notice';
import { t } from '../strings';
import type { Difference } from './schema';

/** Differences as a list of before and after. */
export function Changes({ changes }: { changes: Difference[] }) {
  return (
    <dl className="stack">
      {changes.map((change) => (
        <div key={change.label} className="change">
          <dt className="label">{change.label}</dt>
          <dd>
            <del>{change.before}</del> <span className="visually-hidden">{t('settings.becomes')}</span>
            <span aria-hidden="true">→</span> <ins>{change.after}</ins>
          </dd>
        </div>
      ))}
    </dl>
  );
}

interface ConflictProps {
  title: string;
  /** What somebody else changed meanwhile. */
  changes: Difference[];
  onTheirs: () => void;
  onMine: () => void;
}

/** Says what somebody else saved while this person was writing, and lets them choose. */
export function Conflict({ title, changes, onTheirs, onMine }: ConflictProps) {
  return (
    <div className="conflict">
      <Notice kind="warn" title={title} alert>
        <p>{t('settings.conflict')}</p>
        <Changes changes={changes} />
        <div className="row">
          <Button onClick={onMine}>{t('settings.mine')}</Button>
          <Button onClick={onTheirs}>{t('settings.theirs')}</Button>
        </div>
      </Notice>
    </div>
  );
}
