import { useMemo, type RefObject } from 'react';
import { inBase } from '../config';
import { region } from '../locale';
import { Button } from '../parts/button';
import { notify } from '../parts/toast';
import { t } from '../strings';
import { curl, example } from './example';
import { Method } from './method';
import type { Answer, Docs, Operation, Parameter } from './openapi';
import { Facts, SchemaView } from './schema-view';
import { TryIt } from './try-it';

interface Props {
  docs: Docs;
  operation: Operation;
  heading: RefObject<HTMLHeadingElement | null>;
}

/** One operation: who may call it, what it takes, what it answers, how to call it, and a way to try it. */
export function OperationView({ docs, operation, heading }: Props) {
  const { schemas } = docs;
  const command = useMemo(
    () => curl(schemas, operation, location.origin + inBase('').replace(/\/$/, '')),
    [schemas, operation],
  );
  return (
    <article className="card stack operation" aria-labelledby="chosen">
      <div className="stack close">
        <h2 id="chosen" ref={heading} tabIndex={-1}>
          {operation.summary}
        </h2>
        <p className="row path">
          <Method method={operation.method} />
          <span className="mono">{operation.path}</span>
        </p>
        <p className="row">
          {operation.deprecated && <span className="badge plain warn">{t('docs.deprecated')}</span>}
          <Access operation={operation} />
        </p>
      </div>
      {operation.deprecated && <Deprecation operation={operation} />}
      {operation.description && <p className="lines">{operation.description}</p>}
      {operation.parameters.length > 0 && <Parameters docs={docs} parameters={operation.parameters} />}
      {operation.body && (
        <section className="stack close asked">
          <h3>{t('docs.body')}</h3>
          <p className="dim small">
            {operation.body.types.join(', ')}
            {!operation.body.required && ` · ${t('docs.optional')}`}
          </p>
          <SchemaView schemas={schemas} schema={operation.body.schema} />
        </section>
      )}
      <Code title={t('docs.curl')} text={command} />
      {operation.method === 'GET' && !operation.stream && <TryIt schemas={schemas} operation={operation} />}
      <Answers docs={docs} answers={operation.answers} />
    </article>
  );
}

function Deprecation({ operation: { since, sunset } }: { operation: Operation }) {
  return (
    <p>
      {t('docs.deprecated.about')}
      {since && ` ${t('docs.deprecated.since', { at: date(since) })}`}
      {sunset && ` ${t('docs.sunset', { at: date(sunset) })}`}
    </p>
  );
}

function date(at: string): string {
  return new Intl.DateTimeFormat(region(), { dateStyle: 'long' }).format(new Date(at));
}

function Access({ operation }: { operation: Operation }) {
  if (operation.open) return <span className="badge plain">{t('docs.open')}</span>;
  if (!operation.permission) return <span className="badge plain">{t('docs.session')}</span>;
  return (
    <span>
      <span className="dim">{t('docs.permission')}</span> <code>{operation.permission}</code>
    </span>
  );
}

function Parameters({ docs, parameters }: { docs: Docs; parameters: Parameter[] }) {
  return (
    <section className="stack close asked">
      <h3>{t('docs.parameters')}</h3>
      <div className="schema">
        <ul>
          {parameters.map((parameter) => (
            <li key={`${parameter.in} ${parameter.name}`}>
              <p className="schema-line">
                <b className="mono">{parameter.name}</b>
                <span className="dim small">{parameter.in}</span>
                <Facts schemas={docs.schemas} schema={parameter.schema} />
                {parameter.required && <span className="needed">{t('docs.required')}</span>}
                {parameter.deprecated && <span className="badge plain warn">{t('docs.deprecated')}</span>}
              </p>
              {parameter.description && <p className="dim small">{parameter.description}</p>}
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}

function Answers({ docs, answers }: { docs: Docs; answers: Answer[] }) {
  const good = answers.filter((answer) => /^[123]/.test(answer.status));
  const bad = answers.filter((answer) => !good.includes(answer));
  return (
    <section className="stack close">
      <h3>{t('docs.answers')}</h3>
      {good.map((answer) => (
        <div key={answer.status} className="stack close">
          <p className="row">
            <span className="badge plain good num">{answer.status}</span>
            <span>{answer.description}</span>
            {answer.body && <span className="dim small">{answer.body.types.join(', ')}</span>}
          </p>
          {answer.headers.map((header) => (
            <p key={header.name} className="small">
              <code>{header.name}</code> <span className="dim">{header.description}</span>
            </p>
          ))}
          {answer.body?.schema && <SchemaView schemas={docs.schemas} schema={answer.body.schema} />}
          {answer.body?.type === 'application/json' && answer.body.schema && (
            <details className="alternative stretch">
              <summary>{t('docs.example')}</summary>
              <Code text={JSON.stringify(example(docs.schemas, answer.body.schema), null, 2)} />
            </details>
          )}
        </div>
      ))}
      {bad.length > 0 && (
        <details className="alternative stretch">
          <summary>{t('docs.refusals', { count: bad.length })}</summary>
          <ul className="stack close refusals">
            {bad.map((answer) => (
              <li key={answer.status} className="row">
                <span className="badge plain num">{answer.status}</span>
                <span>{answer.description}</span>
              </li>
            ))}
          </ul>
          <p className="dim small">{t('docs.errors.how')}</p>
        </details>
      )}
    </section>
  );
}

/** Text to copy. */
function Code({ title, text }: { title?: string; text: string }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      notify(t('docs.copied'));
    } catch {
      notify(t('docs.uncopied'), 'bad');
    }
  };
  return (
    <div className="stack close stretch">
      <div className="row stretch">
        {title && <h3 className="grow">{title}</h3>}
        <Button look="bare" onClick={() => void copy()}>
          {t('docs.copy')}
        </Button>
      </div>
      <pre className="stretch" tabIndex={0} role="region" aria-label={title ?? t('docs.example')}>
        <code>{text}</code>
      </pre>
    </div>
  );
}
