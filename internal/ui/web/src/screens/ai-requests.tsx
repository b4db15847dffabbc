import { AINav } from '../ai/nav';
import { costWords } from '../ai/money';
import { aiKey } from '../ai/queries';
import { span } from '../ai/providers';
import type { CacheState, RequestLine } from '../ai/types';
import { Who } from '../ai/who';
import { number } from '../format';
import { Page } from '../parts/page';
import { ResourceList } from '../resource/list';
import type { Cells } from '../resource/table';
import type { Description, FieldType, ResourceField } from '../resource/types';
import { Nothing } from '../resource/value';
import { t } from '../strings';

/** What became of each request to a model, newest first, without its content. */
export function ModelRequests() {
  return (
    <Page title={t('ai.requests')}>
      <div className="stack">
        <AINav />
        <ResourceList
          about={description()}
          root={[...aiKey, 'requests']}
          cells={cells}
          empty={<p>{t('ai.requests.none')}</p>}
        />
      </div>
    </Page>
  );
}

const line = (item: unknown) => item as RequestLine;

const cells: Cells = {
  asked: (_, item) => {
    const { asked, provider, model } = line(item);
    const answered = [provider, model].filter(Boolean).join('/');
    return (
      <>
        <b>{asked || answered}</b>
        {answered && answered !== asked && <span className="dim small"> {answered}</span>}
      </>
    );
  },
  outcome: (_, item) => {
    const { error, reason, attempts } = line(item);
    const title = t('ai.attempts', { count: attempts.length });
    return (
      <span className={`badge ${error ? 'bad' : 'good'}`} title={title}>
        {error || reasonWords(reason)}
      </span>
    );
  },
  user: (value) => (value ? <Who id={String(value)} /> : <Nothing />),
  tokens: (_, item) => `${number(line(item).usage.input)} + ${number(line(item).usage.output)}`,
  cost: (_, item) => costWords(line(item).cost),
  took_ms: (value) => span(Number(value)),
  cache: (value) => t(`ai.cache.${value as CacheState}`),
};

const reasons = ['stop', 'length', 'tool_calls', 'content_filter'] as const;

function reasonWords(reason: string): string {
  return t(`ai.reason.${reasons.find((one) => one === reason) ?? 'other'}`);
}

/** What the list is filtered and sorted by, as the server has it. */
function description(): Description {
  const field = (
    name: string,
    title: string,
    type: FieldType,
    more: Partial<ResourceField> = {},
  ): ResourceField => ({
    name,
    title,
    type,
    list: true,
    filter: true,
    sort: false,
    read_only: true,
    operators: type === 'time' ? ['<', '<=', '>', '>='] : ['=', '!='],
    ...more,
  });
  const shown = { filter: false };
  const asked = { list: false };
  return {
    module: 'dashboard',
    name: 'ai-requests',
    title: t('ai.requests'),
    singular: t('ai.feedback.request'),
    path: 'api/v1/ai/requests',
    key: 'id',
    label: 'asked',
    may: { create: false, update: false, delete: false, export: false },
    search: false,
    default_sort: '-at',
    actions: [],
    export: [],
    fields: [
      field('asked', t('ai.col.asked'), 'text'),
      field('at', t('ai.col.at'), 'time', { sort: true }),
      field('outcome', t('ai.col.outcome'), 'text', shown),
      field('user', t('ai.by.user'), 'text'),
      field('module', t('ai.by.module'), 'text', asked),
      field('tokens', t('ai.col.tokens'), 'integer', shown),
      field('cost', t('ai.col.cost'), 'number', shown),
      field('took_ms', t('ai.col.took'), 'duration', shown),
      field('cache', t('ai.col.cache'), 'enum', {
        values: ['none', 'miss', 'exact', 'semantic', 'shared'],
      }),
      field('provider', t('ai.by.provider'), 'text', asked),
      field('model', t('ai.model'), 'text', asked),
      field('prompt', t('ai.col.prompt'), 'text', asked),
      field('key', t('ai.by.key'), 'text', asked),
      field('error', t('ai.col.errors'), 'text', asked),
    ],
  };
}
