import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { Suspense, useState } from 'react';
import { useDraft } from '../access/use-draft';
import { useMay } from '../api/may';
import { same, withMembers, type Definition } from '../flags/definition';
import { KillSwitch } from '../flags/kill';
import { flagQuery, flagsKey, flagSubject, historyQuery, type TaggedFlag } from '../flags/queries';
import { SaveFlag } from '../flags/save';
import { FlagState, StaleMark } from '../flags/state';
import type { FlagDetail } from '../flags/types';
import { lazyPart } from '../lazy';
import { Moment } from '../parts/moment';
import { ErrorNotice, Notice } from '../parts/notice';
import { Page } from '../parts/page';
import { Person } from '../parts/person';
import { LoadingRows } from '../parts/skeleton';
import { DeleteButton } from '../resource/delete-button';
import { Tabs } from '../parts/tabs';
import { t } from '../strings';
import '../styles/flags.css';
import { useAddress } from '../system/address';
import type { HistoryProps } from '../versions/history';

interface EditorProps {
  flag: string;
  definition: Definition;
  editable: boolean;
  onChange: (next: Definition) => void;
  onTrouble: (troubled: boolean) => void;
}
const Editor = lazyPart<EditorProps>(() => import('../flags/editor'), 'Editor');
const Explain = lazyPart<{ flag: string; definition: Definition; draft: boolean }>(
  () => import('../flags/explain'),
  'Explain',
);
const Experiment = lazyPart<{ flag: string }>(() => import('../flags/experiment'), 'Experiment');
const History = lazyPart<HistoryProps>(() => import('../versions/history'), 'History');

const views = ['rules', 'try', 'experiment', 'history'] as const;
type View = (typeof views)[number];

/** One flag: who gets what, what somebody would get, what came of it, and what it was before. */
export function Flag() {
  const { _splat: key = '' } = useParams({ from: '/shell/flags/$' });
  const latest = useQuery(flagQuery(key));
  const mayManage = useMay('flags.manage');
  return (
    <Page
      title={key}
      crumbs={
        <nav className="crumbs" aria-label={t('crumbs')}>
          <Link to="/flags">{t('nav.flags')}</Link>
        </nav>
      }
      actions={
        latest.data && mayManage && latest.data.flag.source !== 'provider' && <Actions {...latest.data} />
      }
    >
      {latest.error && !latest.data && (
        <ErrorNotice error={latest.error} onRetry={() => void latest.refetch()} alert={false} />
      )}
      {latest.isPending && <LoadingRows rows={4} height="6rem" />}
      {latest.data && <FlagBody key={key} latest={latest.data} mayManage={mayManage} />}
    </Page>
  );
}

function Actions({ flag, etag }: TaggedFlag) {
  const navigate = useNavigate();
  const client = useQueryClient();
  return (
    <>
      <KillSwitch flag={flag} />
      {flag.version > 0 && (
        <DeleteButton
          about={{ path: 'api/v1/flags' }}
          id={flag.key}
          label={flag.key}
          etag={etag}
          consequence={
            flag.source === 'file'
              ? t('flags.delete.file')
              : flag.needed_by.length > 0
                ? t('flags.delete.needed', { keys: flag.needed_by.join(', ') })
                : t('flags.delete.about')
          }
          onDeleted={() => {
            void navigate({ to: '/flags' }).then(() =>
              client.invalidateQueries({ queryKey: [...flagsKey, 'list'] }),
            );
          }}
        />
      )}
    </>
  );
}

function FlagBody({ latest, mayManage }: { latest: TaggedFlag; mayManage: boolean }) {
  const { flag, etag } = latest;
  const [address] = useAddress();
  const view: View = views.find((one) => one === address['view']) ?? 'rules';
  const draft = useDraft<Definition>({ item: flag.definition, etag });
  const [troubled, setTroubled] = useState(false);
  const definition = withMembers(draft.value, {});
  const editable = mayManage && flag.source !== 'provider';
  const edit = (next: Definition) => {
    const names = new Set([...Object.keys(definition), ...Object.keys(next)]);
    draft.set(
      Object.fromEntries(
        [...names].filter((name) => !same(definition[name], next[name])).map((name) => [name, next[name]]),
      ) as Partial<Definition>,
    );
  };
  return (
    <div className="stack">
      <Notices flag={flag} mayManage={mayManage} />
      <Facts flag={flag} />
      <FlagTabs view={view} flag={flag.key} />
      <Suspense fallback={<LoadingRows rows={4} height="6rem" />}>
        {view === 'rules' && (
          <Editor
            flag={flag.key}
            definition={definition}
            editable={editable}
            onChange={edit}
            onTrouble={setTroubled}
          />
        )}
        {view === 'try' && <Explain flag={flag.key} definition={definition} draft={draft.dirty} />}
        {view === 'experiment' && <Experiment flag={flag.key} />}
        {view === 'history' && (
          <History
            subject={flagSubject(flag.key)}
            query={historyQuery(flag.key)}
            content={flag.definition}
            version={flag.version}
            etag={etag}
            mayManage={editable}
          />
        )}
      </Suspense>
      {editable && <SaveFlag flag={flag} draft={draft} troubled={troubled && view === 'rules'} />}
    </div>
  );
}

function Notices({ flag, mayManage }: { flag: FlagDetail; mayManage: boolean }) {
  return (
    <>
      {flag.damaged && (
        <Notice kind="bad" title={t('flags.damaged')}>
          <p>{flag.damaged}</p>
        </Notice>
      )}
      {flag.killed && (
        <Notice kind="bad" title={t('flags.killed.title')}>
          <p>{t('flags.killed.about')}</p>
        </Notice>
      )}
      {flag.stale && flag.stale_why && (
        <Notice kind="warn" title={t('flags.stale.title')}>
          <p>{flag.stale_why}</p>
        </Notice>
      )}
      {!mayManage && <p className="dim">{t('flags.readonly')}</p>}
      {flag.source === 'file' && mayManage && <p className="dim">{t('flags.file')}</p>}
      {flag.source === 'provider' && <p className="dim">{t('flags.provider')}</p>}
    </>
  );
}

function Facts({ flag }: { flag: FlagDetail }) {
  return (
    <div className="flag-facts stretch">
      <span className="tags">
        <FlagState flag={flag} />
        <StaleMark flag={flag} />
        <span className="badge plain">{t(`flags.kind.${flag.kind}`)}</span>
      </span>
      {flag.description && <span>{flag.description}</span>}
      {flag.owner && <span className="dim">{t('flags.owner.is', { name: flag.owner })}</span>}
      {flag.updated_at && (
        <span className="dim">
          <Moment at={flag.updated_at} />
          {flag.updated_by.id && (
            <>
              {' · '}
              <Person id={flag.updated_by.id} name={flag.updated_by.name} />
            </>
          )}
        </span>
      )}
      <span className="dim num" title={t('flags.exposures.about')}>
        {t('flags.served', { count: flag.exposures })}
      </span>
    </div>
  );
}

function FlagTabs({ view, flag }: { view: View; flag: string }) {
  return (
    <Tabs label={flag}>
      {views.map((one) => (
        <Link
          key={one}
          to="/flags/$"
          params={{ _splat: flag }}
          search={(one === 'rules' ? {} : { view: one }) as never}
          resetScroll={false}
          activeOptions={{ exact: one === 'rules' }}
          aria-current={one === view ? 'page' : undefined}
        >
          {t(`flags.tab.${one}`)}
        </Link>
      ))}
    </Tabs>
  );
}
