import { APIError } from '../api/error';
import { number } from '../format';
import { Notice } from '../parts/notice';
import { Refused } from '../resource/refused';
import { remarks } from '../forms/remarks';
import { t } from '../strings';
import type { Answer } from './chat';
import { costWords } from './money';
import { span } from './providers';
import { Rate } from './rate';

/** An answer while it comes and after: what it says, how it ended, what it took. */
export function AnswerView({ answer }: { answer: Answer | null }) {
  if (!answer) return <p className="dim">{t('ai.answer.empty')}</p>;
  const { state, text, reasoning, refusal, reason, error } = answer;
  const running = state === 'asking' || state === 'answering';
  return (
    <>
      {/* The words themselves would be read out piece by piece. */}
      <p className={running || state === 'stopped' ? 'dim' : 'visually-hidden'} role="status">
        {state !== 'failed' && t(`ai.answer.${state}`)}
      </p>
      {reasoning && (
        <details className="alternative">
          <summary>{t('ai.answer.reasoning')}</summary>
          <p className="lines dim">{reasoning}</p>
        </details>
      )}
      {text && (
        <div className="lines ai-text" aria-busy={running}>
          {text}
        </div>
      )}
      {refusal && (
        <Notice kind="warn" title={t('ai.answer.refusal')}>
          <p className="lines">{refusal}</p>
        </Notice>
      )}
      {state === 'done' && reason === 'length' && <Notice kind="warn">{t('ai.answer.length')}</Notice>}
      {state === 'done' && reason === 'content_filter' && (
        <Notice kind="warn">{t('ai.answer.filtered')}</Notice>
      )}
      {state === 'failed' && <Failed error={error} partly={text !== ''} />}
      {!running && <Facts answer={answer} />}
      {state === 'done' && answer.id && <Rate key={answer.id} request={answer.id} />}
    </>
  );
}

/** Why there is no answer, or not all of it: what the server says of the model, else what it says of the request. */
function Failed({ error, partly }: { error: APIError | undefined; partly: boolean }) {
  const title = partly ? t('ai.failed.partly') : t('ai.failed');
  if (!error)
    return (
      <Notice kind="bad" title={title} alert>
        <p>{t('ai.failed.cut')}</p>
      </Notice>
    );
  const { status, problem, slug } = error;
  const ofRequest = [0, 401, 403].includes(status) || (status === 429 && slug !== 'budget-exceeded');
  if (ofRequest || !problem.detail) return <Refused error={error} />;
  return (
    <Notice kind="bad" title={title} alert>
      <p>{problem.detail}</p>
      {remarks(error).map((field) => (
        <p key={field.pointer}>
          <code>{field.pointer}</code> {field.detail}
        </p>
      ))}
      {problem.request_id && <p className="small">{t('error.request', { id: problem.request_id })}</p>}
    </Notice>
  );
}

function Facts({ answer }: { answer: Answer }) {
  const { provider, model, usage, cache, tookMs } = answer;
  const counts = usage && { input: number(usage.input), output: number(usage.output) };
  const facts = [
    [provider, model].filter(Boolean).join('/'),
    counts && (usage.estimated ? t('ai.used.estimated', counts) : t('ai.used', counts)),
    usage && costWords(usage.cost),
    tookMs !== undefined && span(tookMs),
    cache && cache !== 'none' && cache !== 'miss' && `${t('ai.col.cache')}: ${t(`ai.cache.${cache}`)}`,
  ].filter((fact) => typeof fact === 'string' && fact !== '');
  if (facts.length === 0) return null;
  return <p className="dim small num">{facts.join(' · ')}</p>;
}
