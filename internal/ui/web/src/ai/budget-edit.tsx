import { useEffect, useRef, useState, type SubmitEvent } from 'react';
import type { Answer } from '../api/client';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { Field, TextField } from '../parts/field';
import { ErrorNotice, Notice } from '../parts/notice';
import { LoadingRows } from '../parts/skeleton';
import { Refused } from '../resource/refused';
import { t } from '../strings';
import { LinesField, linesOf } from './lines-field';
import { money } from './money';
import { number } from '../format';
import { periods, scopes, type Budget, type Period, type Scope } from './types';
import { useChangeRule, useRule } from './use-rule';

interface Props {
  /** Empty: a new one. */
  name: string;
  onClose: () => void;
}

export function budgetPath(name: string): string {
  return `ai/budgets/${encodeURIComponent(name)}`;
}

/** Makes a budget or changes one. */
export function EditBudget({ name, onClose }: Props) {
  const rule = useRule<Budget>(name === '' ? undefined : budgetPath(name));
  const ready = name === '' || rule.data !== undefined;
  return (
    <Dialog title={name === '' ? t('ai.budget.new') : t('ai.budget.change.of', { name })} onClose={onClose}>
      {!ready && rule.isPending && <LoadingRows rows={5} height="3.5rem" />}
      {!ready && rule.error && <ErrorNotice error={rule.error} alert={false} />}
      {ready ? (
        <Form name={name} loaded={rule.data} onClose={onClose} />
      ) : (
        <div className="dialog-actions">
          <Button onClick={onClose}>{t('cancel')}</Button>
        </div>
      )}
    </Dialog>
  );
}

/** A whole number of tokens or an amount of money as somebody writes it; undefined: it is none. */
export function readAmount(text: string, unit: number): number | undefined {
  const plain = text.trim();
  if (plain === '') return 0;
  const value = Math.round(Number(plain.replace(',', '.')) * unit);
  return Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

function Form({ name, loaded, onClose }: Props & { loaded: Answer<Budget> | undefined }) {
  const form = useRef<HTMLFormElement>(null);
  const given = loaded?.data;
  const [title, setTitle] = useState(name);
  const [scope, setScope] = useState<Scope>(given?.scope ?? 'all');
  const [subject, setSubject] = useState(given?.subject ?? '');
  const [period, setPeriod] = useState<Period>(given?.period ?? 'month');
  const [tokens, setTokens] = useState(given?.tokens ? String(given.tokens) : '');
  const [amount, setAmount] = useState(given?.micros ? String(given.micros / 1e6) : '');
  const [currency, setCurrency] = useState(given?.currency ?? 'USD');
  const [models, setModels] = useState(given?.models.join('\n') ?? '');
  const [tried, setTried] = useState(0);
  const { change, problem, taken, stale, other } = useChangeRule(loaded, onClose);
  const most = readAmount(tokens, 1);
  const micros = readAmount(amount, 1e6);
  const mistakes = {
    name: title.trim() === '' ? t('form.required') : '',
    subject: scope !== 'all' && subject.trim() === '' ? t('form.required') : '',
    tokens: most === undefined ? t('ai.budget.number') : most === 0 && micros === 0 ? t('ai.budget.one') : '',
    micros: micros === undefined ? t('ai.budget.number') : '',
  };
  const wrong = (field: keyof typeof mistakes) => (tried > 0 && mistakes[field]) || problem(field);
  useEffect(() => {
    if (tried > 0) form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus();
  }, [tried, change.error]);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setTried(tried + 1);
    if (Object.values(mistakes).some(Boolean) || change.isPending) return;
    change.mutate({
      method: 'PUT',
      path: budgetPath(title.trim()),
      body: {
        scope,
        subject: scope === 'all' ? '' : subject.trim(),
        period,
        tokens: most,
        micros,
        currency: micros ? currency.trim().toUpperCase() : '',
        models: linesOf(models),
      },
      done: t('resource.saved', { label: title.trim() }),
    });
  };
  return (
    <form ref={form} className="stack" noValidate onSubmit={submit}>
      {name === '' && (
        <TextField
          label={t('name')}
          autoComplete="off"
          spellCheck={false}
          maxLength={64}
          data-focus
          error={wrong('name') || (taken ? t('ai.taken', { name: title.trim() }) : undefined)}
          value={title}
          onChange={(event) => {
            setTitle(event.target.value);
            change.reset();
          }}
        />
      )}
      <div className="filters stretch">
        <Choice label={t('ai.budget.for')} prefix="scope" all={scopes} value={scope} onChange={setScope} />
        <Choice
          label={t('ai.budget.period')}
          prefix="period"
          all={periods}
          value={period}
          onChange={setPeriod}
        />
      </div>
      {scope !== 'all' && (
        <TextField
          label={t('ai.budget.who')}
          hint={t(`ai.who.${scope}`)}
          autoComplete="off"
          spellCheck={false}
          maxLength={200}
          error={wrong('subject')}
          value={subject}
          onChange={(event) => {
            setSubject(event.target.value);
            change.reset();
          }}
        />
      )}
      <TextField
        label={t('ai.budget.most')}
        hint={t('ai.budget.most.hint')}
        inputMode="numeric"
        autoComplete="off"
        error={wrong('tokens')}
        value={tokens}
        onChange={(event) => {
          setTokens(event.target.value);
        }}
      />
      <div className="filters stretch">
        <TextField
          label={t('ai.budget.amount')}
          inputMode="decimal"
          autoComplete="off"
          error={wrong('micros')}
          value={amount}
          onChange={(event) => {
            setAmount(event.target.value);
          }}
        />
        <TextField
          label={t('ai.budget.currency')}
          autoComplete="off"
          maxLength={3}
          error={problem('currency')}
          value={currency}
          onChange={(event) => {
            setCurrency(event.target.value);
          }}
        />
      </div>
      <LinesField
        label={t('ai.budget.models')}
        hint={t('ai.models.hint')}
        error={problem('models')}
        value={models}
        onChange={setModels}
      />
      {stale && (
        <Notice kind="warn" title={t('error.stale.title')} alert>
          <p>{t('ai.stale', { now: amountWords(stale) })}</p>
        </Notice>
      )}
      {other && <Refused error={other} />}
      <div className="dialog-actions">
        <Button onClick={onClose}>{t('cancel')}</Button>
        <Button type="submit" look="primary" busy={change.isPending}>
          {change.isPending ? t('settings.saving') : t('settings.save')}
        </Button>
      </div>
    </form>
  );
}

/** How much a budget allows. */
function amountWords({ tokens = 0, micros = 0, currency = '', period }: Budget): string {
  return [
    tokens > 0 && t('ai.stat.tokens', { count: number(tokens) }),
    micros > 0 && money(micros, currency),
    t(`ai.period.${period}`),
  ]
    .filter(Boolean)
    .join(', ');
}

interface ChoiceProps<T extends string> {
  label: string;
  prefix: 'scope' | 'period';
  all: readonly T[];
  value: T;
  onChange: (value: T) => void;
}

function Choice<T extends Scope | Period>({ label, prefix, all, value, onChange }: ChoiceProps<T>) {
  const words = (one: string) =>
    prefix === 'scope' ? t(`ai.scope.${one as Scope}`) : t(`ai.period.${one as Period}`);
  return (
    <Field label={label}>
      {(wiring) => (
        <select
          {...wiring}
          className="input"
          value={value}
          onChange={(event) => {
            onChange(event.target.value as T);
          }}
        >
          {all.map((one) => (
            <option key={one} value={one}>
              {words(one)}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
