import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { ask, get } from '../api/client';
import { useMay } from '../api/may';
import type { Items } from '../api/types';
import { Button } from '../parts/button';
import { Field, TextField } from '../parts/field';
import { CloseIcon } from '../parts/icons';
import { ErrorNotice } from '../parts/notice';
import { Segments } from '../parts/segments';
import { t } from '../strings';
import { useSettled } from '../parts/settled';
import { isObject, pretty, type Definition, type Json } from './definition';
import { readList, readLiteral } from './literals';
import type { Explanation, ExplanationStep } from './types';
import { useLater } from './use-later';

interface Props {
  flag: string;
  definition: Definition;
  /** The definition is a draft that is in force nowhere. */
  draft: boolean;
}

type Who = 'person' | 'free';

interface Attribute {
  name: string;
  value: string;
}

/** Answers what somebody would get, and why: an account of this dashboard, or anybody described here. */
export function Explain({ flag, definition, draft }: Props) {
  const mayUsers = useMay('users.read');
  const [chosen, setWho] = useState<Who | null>(null);
  const who: Who = chosen ?? (mayUsers ? 'person' : 'free');
  const [person, setPerson] = useState<Person | null>(null);
  const [key, setKey] = useState('');
  const [attributes, setAttributes] = useState<Attribute[]>([{ name: 'email', value: '' }]);
  const free = who === 'free';
  const asked = useLater(
    {
      key: flag,
      ...(draft && { definition }),
      context: free ? contextOf(key, attributes) : undefined,
      user_id: free ? undefined : (person?.id ?? ''),
    },
    300,
  );
  const answer = useQuery({
    queryKey: ['flag-explain', asked],
    queryFn: async ({ signal }) =>
      (await ask<Explanation>('POST', 'flags/explain', { body: asked, signal })).data,
    // What is asked follows what is chosen a moment later.
    enabled: asked.user_id !== '',
    placeholderData: keepPreviousData,
    staleTime: 0,
    gcTime: 0,
    retry: false,
  });
  return (
    <div className="flag-try stretch">
      <section className="card stack" aria-labelledby="who">
        <h2 id="who">{t('flags.try')}</h2>
        {mayUsers && (
          <Segments<Who>
            label={t('flags.try.who')}
            name="try-who"
            options={[
              { value: 'person', text: t('flags.try.person') },
              { value: 'free', text: t('flags.try.free') },
            ]}
            value={who}
            onChange={setWho}
          />
        )}
        {free ? (
          <Free {...{ targeting: key, setKey, attributes, setAttributes }} />
        ) : (
          <FindPerson chosen={person} onChoose={setPerson} />
        )}
        {draft && <p className="hint">{t('flags.try.draft')}</p>}
      </section>
      <section className="card stack" aria-labelledby="answer" aria-busy={answer.isFetching}>
        <h2 id="answer">{t('flags.answer')}</h2>
        {answer.error && <ErrorNotice error={answer.error} alert={false} />}
        {!answer.data && !answer.error && <p className="dim">{t('flags.answer.none')}</p>}
        {answer.data && !answer.error && (free || person) && <Answer answer={answer.data} />}
      </section>
    </div>
  );
}

function contextOf(key: string, attributes: Attribute[]): Record<string, Json> {
  return Object.fromEntries([
    ...(key.trim() ? [['targeting_key', key.trim()]] : []),
    ...attributes
      .filter(({ name, value }) => name.trim() !== '' && value.trim() !== '')
      .map(({ name, value }) => [
        name.trim(),
        name.trim() === 'roles' || value.includes(',') ? readList(value) : readLiteral(value),
      ]),
  ]) as Record<string, Json>;
}

interface FreeProps {
  targeting: string;
  setKey: (key: string) => void;
  attributes: Attribute[];
  setAttributes: (next: Attribute[]) => void;
}

function Free({ targeting, setKey, attributes, setAttributes }: FreeProps) {
  return (
    <>
      <TextField
        label={t('flags.try.key')}
        hint={t('flags.try.key.hint')}
        autoComplete="off"
        spellCheck={false}
        value={targeting}
        onChange={(event) => {
          setKey(event.target.value);
        }}
      />
      <ul className="flag-tests stretch">
        {attributes.map((one, index) => {
          const set = (change: Partial<Attribute>) => {
            setAttributes(attributes.map((other, at) => (at === index ? { ...other, ...change } : other)));
          };
          return (
            <li key={index}>
              <input
                className="input"
                aria-label={t('flags.try.attribute', { n: index + 1 })}
                autoComplete="off"
                spellCheck={false}
                value={one.name}
                onChange={(event) => {
                  set({ name: event.target.value });
                }}
              />
              <input
                className="input"
                aria-label={t('flags.try.value', { n: index + 1 })}
                autoComplete="off"
                spellCheck={false}
                value={one.value}
                onChange={(event) => {
                  set({ value: event.target.value });
                }}
              />
              <Button
                look="icon"
                aria-label={t('flags.try.remove', { n: index + 1 })}
                onClick={() => {
                  setAttributes(attributes.filter((_, at) => at !== index));
                }}
              >
                <CloseIcon />
              </Button>
            </li>
          );
        })}
      </ul>
      <Button
        onClick={() => {
          setAttributes([...attributes, { name: '', value: '' }]);
        }}
      >
        {t('flags.try.add')}
      </Button>
    </>
  );
}

interface Person {
  id: string;
  name: string;
  email: string;
}

/** Finds an account by name or address. */
function FindPerson({ chosen, onChoose }: { chosen: Person | null; onChoose: (person: Person) => void }) {
  const group = useId();
  const [query, setQuery] = useState('');
  const { text, type } = useSettled(query, setQuery, 200);
  const found = useQuery({
    queryKey: ['resource-data', 'api/v1/users', 'find', query],
    queryFn: async ({ signal }) =>
      (await get<Items<Person>>(`users?limit=8&q=${encodeURIComponent(query)}`, signal)).items,
    placeholderData: keepPreviousData,
  });
  const people = found.data ?? [];
  return (
    <>
      <Field label={t('flags.try.find')}>
        {(wiring) => (
          <input
            className="input"
            type="search"
            autoComplete="off"
            spellCheck={false}
            {...wiring}
            value={text}
            onChange={(event) => {
              type(event.target.value);
            }}
          />
        )}
      </Field>
      {found.error && <ErrorNotice error={found.error} alert={false} />}
      {found.data && people.length === 0 && <p className="dim">{t('flags.try.nobody')}</p>}
      <fieldset className="choices stretch">
        <legend className="visually-hidden">{t('flags.try.person')}</legend>
        {people.map((person) => (
          <label key={person.id} className="check">
            <input
              type="radio"
              name={group}
              checked={person.id === chosen?.id}
              onChange={() => {
                onChoose(person);
              }}
            />
            <span>
              {person.name} <span className="dim">{person.email}</span>
            </span>
          </label>
        ))}
      </fieldset>
    </>
  );
}

function Answer({ answer }: { answer: Explanation }) {
  return (
    <>
      <p role="status">
        <span className="flag-got">{answer.variant || t('flags.code')}</span>{' '}
        <span className="badge plain">{answer.reason}</span>
      </p>
      {answer.variant && <code className="mono">{short(answer.value)}</code>}
      <p>{answer.why}</p>
      {answer.error_code && (
        <p className="problem">
          {answer.error_code}: {answer.error_detail}
        </p>
      )}
      {answer.steps && answer.steps.length > 0 && (
        <>
          <h3>{t('flags.steps')}</h3>
          <Steps steps={answer.steps} />
        </>
      )}
    </>
  );
}

function short(value: Json): string {
  return isObject(value) ? pretty(value) : JSON.stringify(value);
}

const kinds = [
  'state',
  'killed',
  'prerequisite',
  'schedule',
  'rule',
  'condition',
  'segment',
  'value',
  'split',
  'default',
] as const;

function Steps({ steps }: { steps: readonly ExplanationStep[] }) {
  return (
    <ol className="flag-steps stretch">
      {steps.map((step, index) => {
        const kind = kinds.find((one) => one === step.kind);
        const no = step.outcome === 'false';
        return (
          <li key={index} className={step.decided ? 'decided' : undefined}>
            <div className="flag-step">
              <span className="badge plain">{kind ? t(`flags.step.${kind}`) : step.kind}</span>
              <code className="mono">{step.text}</code>
              <span className={no ? 'dim' : undefined}>
                <span aria-hidden="true">→ </span>
                {step.outcome}
              </span>
              {step.decided && <b>{t('flags.steps.decided')}</b>}
              {step.bucket && (
                <span className="dim num">
                  {t('flags.steps.bucket', { bucket: step.bucket.bucket, total: step.bucket.total })}
                </span>
              )}
            </div>
            {step.steps && step.steps.length > 0 && <Steps steps={step.steps} />}
          </li>
        );
      })}
    </ol>
  );
}
