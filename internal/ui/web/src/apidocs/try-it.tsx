import { useId, useRef, useState } from 'react';
import { keepFresh } from '../api/session';
import { inBase } from '../config';
import { measured } from '../format';
import { Button } from '../parts/button';
import { Field } from '../parts/field';
import { Notice } from '../parts/notice';
import { t } from '../strings';
import { resolve, type Operation, type Parameter, type Schema } from './openapi';

interface Props {
  schemas: Record<string, Schema>;
  operation: Operation;
}

/** What came back, as far as it can be shown. */
interface Result {
  status: number;
  statusText: string;
  type: string;
  size: number;
  seconds: number;
  etag: string;
  text: string;
  cut: boolean;
}

const timeoutMs = 30_000;
const maxShown = 100_000;

/** Calls a reading operation with the person's own session and shows what comes back. */
export function TryIt({ schemas, operation }: Props) {
  const title = useId();
  const [values, setValues] = useState<Record<string, string>>({});
  const [result, setResult] = useState<Result | Error | null>(null);
  const [busy, setBusy] = useState(false);
  const running = useRef<AbortController | null>(null);
  const asked = operation.parameters.filter((parameter) => parameter.in !== 'cookie');
  const missing = asked.filter((parameter) => parameter.required && !values[keyOf(parameter)]);

  const send = async () => {
    running.current?.abort();
    const mine = (running.current = new AbortController());
    setBusy(true);
    try {
      const answered = await call(operation, asked, values, mine.signal);
      if (!mine.signal.aborted) setResult(answered);
    } catch (error) {
      if (!mine.signal.aborted) setResult(error instanceof Error ? error : new Error(String(error)));
    }
    if (running.current === mine) setBusy(false);
  };

  return (
    <section className="stack close" aria-labelledby={title}>
      <h3 id={title}>{t('docs.try')}</h3>
      <p className="dim small">{t('docs.try.about')}</p>
      <form
        className="filters stretch"
        onSubmit={(event) => {
          event.preventDefault();
          if (missing.length === 0) void send();
        }}
      >
        {asked.map((parameter) => (
          <Input
            key={keyOf(parameter)}
            parameter={parameter}
            schema={resolve(schemas, parameter.schema)}
            value={values[keyOf(parameter)] ?? ''}
            onChange={(value) => {
              setValues((before) => ({ ...before, [keyOf(parameter)]: value }));
            }}
          />
        ))}
        <Button type="submit" look="primary" busy={busy}>
          {busy ? t('docs.try.busy') : t('docs.try.send')}
        </Button>
      </form>
      <div role="status" className="stack close stretch">
        {result instanceof Error && (
          <Notice kind="bad" title={t('docs.try.failed')}>
            <p>{t('docs.try.unreachable')}</p>
          </Notice>
        )}
        {result && !(result instanceof Error) && <Shown result={result} />}
      </div>
    </section>
  );
}

function keyOf(parameter: Parameter): string {
  return `${parameter.in} ${parameter.name}`;
}

async function call(
  operation: Operation,
  asked: Parameter[],
  values: Record<string, string>,
  signal: AbortSignal,
): Promise<Result> {
  const value = (parameter: Parameter) => values[keyOf(parameter)] ?? '';
  const given = asked.filter((parameter) => value(parameter) !== '');
  const path = operation.path.replace(/\{([^}]+)\}/g, (_, name: string) =>
    encodeURIComponent(values[`path ${name}`] ?? ''),
  );
  const query = new URLSearchParams(
    given
      .filter((parameter) => parameter.in === 'query')
      .map((parameter) => [parameter.name, value(parameter)]),
  ).toString();
  const headers = given
    .filter((parameter) => parameter.in === 'header')
    .map((parameter): [string, string] => [parameter.name, value(parameter)]);
  await keepFresh().catch(() => undefined);
  const from = performance.now();
  const response = await fetch(inBase(path.replace(/^\//, '')) + (query && `?${query}`), {
    headers: Object.fromEntries([['Accept', '*/*'], ...headers]),
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  });
  const body = await response.text();
  const type = response.headers.get('Content-Type') ?? '';
  const text = readable(type, body);
  return {
    status: response.status,
    statusText: response.statusText,
    type,
    size: new Blob([body]).size,
    seconds: (performance.now() - from) / 1000,
    etag: response.headers.get('ETag') ?? '',
    text: text.slice(0, maxShown),
    cut: text.length > maxShown,
  };
}

function readable(type: string, body: string): string {
  if (!/[/+]json/.test(type)) return body;
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

function Shown({ result }: { result: Result }) {
  return (
    <>
      <p className="row">
        <span className={`badge plain num ${result.status < 400 ? 'good' : 'bad'}`}>
          {result.status} {result.statusText}
        </span>
        <span className="dim small">
          {measured(result.seconds, 'seconds')} · {measured(result.size, 'bytes')}
          {result.type && ` · ${result.type}`}
          {result.etag && ` · ETag ${result.etag}`}
        </span>
      </p>
      {result.text && (
        <pre className="answer stretch" tabIndex={0} role="region" aria-label={t('docs.try.answer')}>
          <code>{result.text}</code>
        </pre>
      )}
      {result.cut && <p className="dim small">{t('docs.try.cut')}</p>}
    </>
  );
}

interface InputProps {
  parameter: Parameter;
  schema: Schema;
  value: string;
  onChange: (value: string) => void;
}

function Input({ parameter, schema, value, onChange }: InputProps) {
  const choices = schema.enum ?? (schema.type === 'boolean' ? [true, false] : undefined);
  const label = parameter.required ? t('docs.try.needed', { name: parameter.name }) : parameter.name;
  return (
    <Field label={label}>
      {(wiring) =>
        choices ? (
          <select
            {...wiring}
            className="input"
            required={parameter.required}
            value={value}
            onChange={(event) => {
              onChange(event.target.value);
            }}
          >
            <option value="">{t('docs.try.unset')}</option>
            {choices.map((choice) => (
              <option key={String(choice)}>{String(choice)}</option>
            ))}
          </select>
        ) : (
          <input
            {...wiring}
            className="input"
            autoComplete="off"
            spellCheck={false}
            required={parameter.required}
            placeholder={schema.default === undefined ? undefined : String(schema.default as string)}
            value={value}
            onChange={(event) => {
              onChange(event.target.value);
            }}
          />
        )
      }
    </Field>
  );
}
