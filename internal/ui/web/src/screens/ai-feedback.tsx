import { AINav } from '../ai/nav';
import { aiKey } from '../ai/queries';
import type { FeedbackLine } from '../ai/types';
import { Who } from '../ai/who';
import { useMay } from '../api/may';
import { inBase } from '../config';
import { number } from '../format';
import { Page } from '../parts/page';
import { ResourceList } from '../resource/list';
import { useListControl } from '../resource/list-state';
import type { Cells } from '../resource/table';
import type { Description, FieldType, ResourceField } from '../resource/types';
import { t } from '../strings';
import '../styles/ai.css';

/** What people say of answers, and the way to hand it on. */
export function Feedback() {
  const mayExport = useMay('ai.manage');
  return (
    <Page title={t('ai.feedback')} actions={mayExport && <Export />}>
      <div className="stack">
        <AINav />
        <ResourceList
          about={description()}
          root={[...aiKey, 'feedback']}
          cells={cells}
          empty={<p>{t('ai.feedback.none')}</p>}
        />
      </div>
    </Page>
  );
}

/** All that the filter leaves, not only this page. */
function Export() {
  const { filter } = useListControl().state;
  const query = filter && `?${new URLSearchParams({ filter }).toString()}`;
  return (
    <a className="button" href={inBase(`api/v1/ai/feedback/export${query}`)} download="feedback.jsonl">
      {t('ai.feedback.export')}
    </a>
  );
}

const line = (item: unknown) => item as FeedbackLine;

const cells: Cells = {
  model: (_, item) => <b>{[line(item).provider, line(item).model].filter(Boolean).join('/')}</b>,
  thumb: (_, item) => {
    const { thumb, score } = line(item);
    return (
      <span className="tags">
        {thumb && (
          <span className={`badge ${thumb === 'up' ? 'good' : 'bad'}`}>{t(`ai.feedback.${thumb}`)}</span>
        )}
        {typeof score === 'number' && <span className="num">{number(score)}</span>}
      </span>
    );
  },
  comment: (_, item) => {
    const { comment, correction } = line(item);
    return (
      <span className="ai-said">
        {comment}
        {correction && <span className="dim">{t('ai.feedback.correction', { text: correction })}</span>}
      </span>
    );
  },
  user: (value) => <Who id={String(value)} />,
};

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
    operators: type === 'time' || type === 'number' ? ['<', '<=', '>', '>='] : ['=', '!='],
    ...more,
  });
  return {
    module: 'dashboard',
    name: 'ai-feedback',
    title: t('ai.feedback'),
    singular: t('ai.feedback'),
    path: 'api/v1/ai/feedback',
    key: 'id',
    label: 'model',
    may: { create: false, update: false, delete: false, export: true },
    search: false,
    default_sort: '-at',
    actions: [],
    export: [],
    fields: [
      field('model', t('ai.model'), 'text'),
      field('at', t('ai.col.at'), 'time', { sort: true }),
      field('thumb', t('ai.feedback.said'), 'enum', { values: ['up', 'down'] }),
      field('comment', t('ai.feedback.comment'), 'list', { filter: false }),
      field('user', t('ai.feedback.who'), 'text'),
      field('prompt', t('ai.col.prompt'), 'text'),
      field('score', t('ai.feedback.score'), 'number', { list: false }),
      field('module', t('ai.by.module'), 'text', { list: false }),
      field('provider', t('ai.by.provider'), 'text', { list: false }),
      field('request', t('ai.feedback.request'), 'text', { list: false }),
    ],
  };
}
