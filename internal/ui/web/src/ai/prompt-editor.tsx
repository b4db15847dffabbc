import { useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import { useMay } from '../api/may';
import { get } from '../api/client';
import type { Items } from '../api/types';
import { Button } from '../parts/button';
import { Field, TextField } from '../parts/field';
import { t } from '../strings';
import { readText, roles, variablesOf, type PromptDraft, type Turn } from './prompt';
import { modelsQuery } from './queries';

interface Props {
  draft: PromptDraft;
  editable: boolean;
  onChange: (change: Partial<PromptDraft>) => void;
}

/** The messages of a template, and what goes with them. */
export function PromptEditor({ draft, editable, onChange }: Props) {
  const list = useRef<HTMLOListElement>(null);
  const { messages } = draft;
  const change = (next: Turn[]) => {
    onChange({ messages: next });
  };
  const found = variablesOf(messages);
  return (
    <fieldset className="flag-form stack" disabled={!editable}>
      <legend className="visually-hidden">{t('ai.prompt.edit')}</legend>
      <TextField
        label={t('flags.description')}
        autoComplete="off"
        maxLength={500}
        value={draft.description}
        onChange={(event) => {
          onChange({ description: event.target.value });
        }}
      />
      <ol ref={list} className="stack close ai-turns">
        {messages.map((turn, index) => (
          <Message
            key={index}
            turn={turn}
            place={index + 1}
            only={messages.length === 1}
            onChange={(next) => {
              change(messages.map((one, at) => (at === index ? next : one)));
            }}
            onRemove={() => {
              change(messages.filter((_, at) => at !== index));
              list.current?.querySelector('textarea')?.focus();
            }}
          />
        ))}
      </ol>
      <div className="row">
        <Button
          onClick={() => {
            change([...messages, { role: 'user', content: '' }]);
          }}
        >
          {t('ai.prompt.add')}
        </Button>
      </div>
      <p role="status">
        {found.length === 0 ? (
          <span className="dim">{t('ai.prompt.variables.none')}</span>
        ) : (
          <>
            {t('ai.prompt.variables')} <span className="mono">{found.join(', ')}</span>
          </>
        )}
      </p>
      <div className="filters stretch">
        <Suggested
          label={t('ai.model')}
          hint={t('ai.prompt.model.hint')}
          value={draft.model}
          choices={(useQuery(modelsQuery).data ?? []).map((one) => one.name)}
          onChange={(model) => {
            onChange({ model });
          }}
        />
        <Suggested
          label={t('ai.prompt.flag')}
          hint={t('ai.prompt.flag.hint')}
          value={draft.flag}
          choices={useFlagKeys()}
          onChange={(flag) => {
            onChange({ flag });
          }}
        />
      </div>
    </fieldset>
  );
}

/** Flags whose value is text, for who may see them. */
function useFlagKeys(): string[] {
  const may = useMay('flags.read');
  const flags = useQuery({
    queryKey: ['flags', 'strings'],
    queryFn: async ({ signal }) =>
      (await get<Items<{ key: string }>>('flags?limit=200&filter=kind%3Dstring', signal)).items,
    enabled: may,
  });
  return (flags.data ?? []).map(({ key }) => key);
}

interface MessageProps {
  turn: Turn;
  place: number;
  only: boolean;
  onChange: (turn: Turn) => void;
  onRemove: () => void;
}

function Message({ turn, place, only, onChange, onRemove }: MessageProps) {
  const { wrong } = readText(turn.content);
  const label = t('ai.prompt.message', { place });
  return (
    <li className="card stack close">
      <div className="row ai-head stretch">
        <select
          className="input"
          aria-label={t('ai.prompt.role', { place })}
          value={turn.role}
          onChange={(event) => {
            onChange({ ...turn, role: event.target.value as Turn['role'] });
          }}
        >
          {roles.map((role) => (
            <option key={role} value={role}>
              {t(`ai.role.${role}`)}
            </option>
          ))}
        </select>
        {!only && (
          <Button look="bare" aria-label={t('ai.prompt.remove', { place })} onClick={onRemove}>
            {t('limits.own.remove')}
          </Button>
        )}
      </div>
      <Field label={label} error={wrong === undefined ? undefined : t('ai.prompt.wrong', { text: wrong })}>
        {(wiring) => (
          <textarea
            {...wiring}
            className="input"
            rows={Math.min(Math.max(turn.content.split('\n').length + 1, 3), 16)}
            value={turn.content}
            onChange={(event) => {
              onChange({ ...turn, content: event.target.value });
            }}
          />
        )}
      </Field>
    </li>
  );
}

interface SuggestedProps {
  label: string;
  hint: string;
  value: string;
  choices: string[];
  onChange: (value: string) => void;
}

/** A text that may be one of those that are known, or another. */
function Suggested({ label, hint, value, choices, onChange }: SuggestedProps) {
  return (
    <Field label={label} hint={hint}>
      {(wiring) => (
        <>
          <input
            {...wiring}
            className="input"
            list={`${wiring.id}l`}
            autoComplete="off"
            spellCheck={false}
            maxLength={200}
            value={value}
            onChange={(event) => {
              onChange(event.target.value);
            }}
          />
          <datalist id={`${wiring.id}l`}>
            {choices.map((choice) => (
              <option key={choice} value={choice} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}
