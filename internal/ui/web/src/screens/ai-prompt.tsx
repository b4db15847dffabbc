import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useDraft } from '../access/use-draft';
import {
  asText,
  draftOf,
  promptQuery,
  promptsKey,
  promptSubject,
  versionsQuery,
  type Prompt as Template,
  type PromptDraft,
} from '../ai/prompt';
import { PromptEditor } from '../ai/prompt-editor';
import { SavePrompt } from '../ai/prompt-save';
import { TryPrompt } from '../ai/prompt-try';
import { useMay } from '../api/may';
import { Moment } from '../parts/moment';
import { ErrorNotice, Notice } from '../parts/notice';
import { Page } from '../parts/page';
import { Person } from '../parts/person';
import { LoadingRows } from '../parts/skeleton';
import { DeleteButton } from '../resource/delete-button';
import { Tabs } from '../parts/tabs';
import { t } from '../strings';
import '../styles/ai.css';
import '../styles/flags.css';
import { useAddress } from '../system/address';
import { History } from '../versions/history';

interface Tagged {
  prompt: Template;
  etag: string;
}

const views = ['edit', 'try', 'versions'] as const;
type View = (typeof views)[number];

/** One template: what it says, what a model makes of it, and what it was before. */
export function Prompt() {
  const { name } = useParams({ from: '/shell/ai/prompts/$name' });
  const latest = useQuery(promptQuery(name));
  const mayManage = useMay('ai.manage');
  return (
    <Page
      title={name}
      crumbs={
        <nav className="crumbs" aria-label={t('crumbs')}>
          <Link to="/ai/prompts">{t('ai.prompts')}</Link>
        </nav>
      }
      actions={latest.data && mayManage && <Delete {...latest.data} />}
    >
      {latest.error && !latest.data && (
        <ErrorNotice error={latest.error} onRetry={() => void latest.refetch()} alert={false} />
      )}
      {latest.isPending && <LoadingRows rows={4} height="6rem" />}
      {latest.data && <Body key={name} latest={latest.data} mayManage={mayManage} />}
    </Page>
  );
}

function Delete({ prompt, etag }: Tagged) {
  const navigate = useNavigate();
  const client = useQueryClient();
  return (
    <DeleteButton
      about={{ path: 'api/v1/ai/prompts' }}
      id={prompt.name}
      label={prompt.name}
      etag={etag}
      consequence={t('ai.prompt.delete')}
      onDeleted={() => {
        void navigate({ to: '/ai/prompts' }).then(() =>
          client.invalidateQueries({ queryKey: [...promptsKey, 'list'] }),
        );
      }}
    />
  );
}

function Body({ latest: { prompt, etag }, mayManage }: { latest: Tagged; mayManage: boolean }) {
  const [address] = useAddress();
  const mayUse = useMay('ai.use');
  const view: View = views.find((one) => one === address['view']) ?? 'edit';
  const draft = useDraft<PromptDraft>({ item: draftOf(prompt), etag });
  return (
    <div className="stack">
      {prompt.damaged && <Notice kind="bad" title={t('ai.prompt.damaged')} />}
      <p className="dim">
        {t('history.version', { version: prompt.version })} · <Moment at={prompt.updated_at} /> ·{' '}
        <Person id={prompt.updated_by.id} name={prompt.updated_by.name} />
      </p>
      <Tabs label={prompt.name}>
        {views
          .filter((one) => one !== 'try' || mayUse)
          .map((one) => (
            <Link
              key={one}
              to="/ai/prompts/$name"
              params={{ name: prompt.name }}
              search={(one === 'edit' ? {} : { view: one }) as never}
              resetScroll={false}
              activeOptions={{ exact: one === 'edit' }}
              aria-current={one === view ? 'page' : undefined}
            >
              {t(`ai.prompt.${one}`)}
            </Link>
          ))}
      </Tabs>
      {view === 'edit' && <PromptEditor draft={draft.value} editable={mayManage} onChange={draft.set} />}
      {view === 'try' && <TryPrompt prompt={prompt} dirty={draft.dirty} />}
      {view === 'versions' && (
        <History
          subject={promptSubject(prompt.name)}
          query={versionsQuery(prompt.name)}
          content={asText(prompt)}
          version={prompt.version}
          etag={etag}
          mayManage={mayManage}
        />
      )}
      {mayManage && <SavePrompt prompt={prompt} draft={draft} />}
    </div>
  );
}
