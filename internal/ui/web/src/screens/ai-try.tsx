import { useQuery } from '@tanstack/react-query';
import { useRef, useState, type KeyboardEvent, type SubmitEvent } from 'react';
import { AnswerView } from '../ai/answer-view';
import { useChat } from '../ai/chat';
import { ModelField } from '../ai/model-field';
import { AINav } from '../ai/nav';
import { modelsQuery } from '../ai/queries';
import { Unconfigured } from '../ai/unconfigured';
import { Button } from '../parts/button';
import { Field, TextField } from '../parts/field';
import { ErrorNotice } from '../parts/notice';
import { Page } from '../parts/page';
import { LoadingRows } from '../parts/skeleton';
import { t } from '../strings';
import '../styles/ai.css';
import { useAddress } from '../system/address';

/** Asks a model by hand and shows its answer as it comes. */
export function Playground() {
  const models = useQuery(modelsQuery);
  const none = models.data?.length === 0;
  return (
    <Page title={t('ai.try')}>
      <div className="stack">
        <AINav />
        {none && <Unconfigured />}
        {!none && models.error && !models.data && (
          <ErrorNotice error={models.error} onRetry={() => void models.refetch()} alert={false} />
        )}
        {models.isPending && <LoadingRows rows={3} height="8rem" />}
        {!none && models.data && <Ask first={models.data[0]?.name ?? ''} />}
      </div>
    </Page>
  );
}

const limits = { tokens: 1_000_000, temperature: 2 };

/** A number between 0 and the most, nothing, or undefined: neither. */
function read(text: string, most: number): number | '' | undefined {
  if (text.trim() === '') return '';
  const value = Number(text);
  return value >= 0 && value <= most ? value : undefined;
}

function Ask({ first }: { first: string }) {
  const form = useRef<HTMLFormElement>(null);
  const [{ model = first }, setAddress] = useAddress();
  const [system, setSystem] = useState('');
  const [question, setQuestion] = useState('');
  const [maxTokens, setMaxTokens] = useState('');
  const [temperature, setTemperature] = useState('');
  const [missing, setMissing] = useState(false);
  const { answer, busy, send, stop } = useChat();
  const most = read(maxTokens, limits.tokens);
  const heat = read(temperature, limits.temperature);
  const wrong = most === undefined || heat === undefined;

  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setMissing(question.trim() === '');
    if (question.trim() === '' || wrong) {
      form.current?.querySelector<HTMLElement>('[aria-invalid=true], textarea[name=question]')?.focus();
      return;
    }
    if (busy) return;
    send({
      model,
      messages: [
        ...(system.trim() ? [{ role: 'system' as const, content: system }] : []),
        { role: 'user', content: question },
      ],
      ...(most !== '' && most > 0 && { max_tokens: Math.round(most) }),
      ...(heat !== '' && { temperature: heat }),
    });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.current?.requestSubmit();
  };
  const problem = (value: unknown, max: number) =>
    value === undefined ? t('ai.number', { min: 0, max }) : undefined;
  return (
    <div className="ai-two stretch">
      <form ref={form} className="card stack" noValidate onSubmit={submit} onKeyDown={onKeyDown}>
        <ModelField
          value={model}
          onChange={(next) => {
            setAddress({ model: next === first ? '' : next });
          }}
        />
        <Field label={t('ai.system')} hint={t('ai.system.hint')}>
          {(wiring) => (
            <textarea
              {...wiring}
              className="input"
              rows={3}
              value={system}
              onChange={(event) => {
                setSystem(event.target.value);
              }}
            />
          )}
        </Field>
        <Field
          label={t('ai.question')}
          hint={t('ai.question.hint')}
          error={missing && question.trim() === '' ? t('form.required') : undefined}
        >
          {(wiring) => (
            <textarea
              {...wiring}
              name="question"
              className="input"
              rows={6}
              value={question}
              onChange={(event) => {
                setQuestion(event.target.value);
              }}
            />
          )}
        </Field>
        <details className="alternative" open={wrong || undefined}>
          <summary>{t('ai.parameters')}</summary>
          <div className="filters">
            <TextField
              label={t('ai.tokens.max')}
              inputMode="numeric"
              autoComplete="off"
              error={problem(most, limits.tokens)}
              value={maxTokens}
              onChange={(event) => {
                setMaxTokens(event.target.value);
              }}
            />
            <TextField
              label={t('ai.temperature')}
              inputMode="decimal"
              autoComplete="off"
              error={problem(heat, limits.temperature)}
              value={temperature}
              onChange={(event) => {
                setTemperature(event.target.value);
              }}
            />
          </div>
          <p className="hint">{t('ai.temperature.hint')}</p>
        </details>
        <div className="row">
          <Button type="submit" look="primary" busy={busy}>
            {t('ai.send')}
          </Button>
          {busy && <Button onClick={stop}>{t('ai.stop')}</Button>}
        </div>
      </form>
      <section className="card stack" aria-labelledby="answer">
        <h2 id="answer">{t('ai.answer')}</h2>
        <AnswerView answer={answer} />
      </section>
    </div>
  );
}
