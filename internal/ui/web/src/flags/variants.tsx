import { useState } from 'react';
import { Button } from '../parts/button';
import { CloseIcon } from '../parts/icons';
import { t } from '../strings';
import { freshName, isObject, kindOfFlag, pretty, renameVariant, withMembers } from './definition';
import type { Definition, Json, Kind } from './definition';
import { readJson, ValueInput } from './text-input';
import { at } from './troubles';
import type { Trouble } from './types';

interface Props {
  definition: Definition;
  onChange: (next: Definition) => void;
  troubles: readonly Trouble[];
}

const fresh: Record<Kind, Json> = { bool: false, string: '', number: 0, object: {} };

/** The values a flag can have, by name, and which of them is the usual one. */
export function Variants({ definition, onChange, troubles }: Props) {
  const variants = definition.variants ?? {};
  const names = Object.keys(variants);
  const kind = kindOfFlag(definition);
  const set = (next: Record<string, Json>) => {
    onChange(withMembers(definition, { variants: next }));
  };
  return (
    <section className="card stack" aria-labelledby="variants">
      <h2 id="variants">{t('flags.variants')}</h2>
      <ul className="flag-variants stretch">
        {names.map((name, index) => (
          <li key={index}>
            <Name
              name={name}
              taken={names}
              onRename={(to) => {
                onChange(renameVariant(definition, name, to));
              }}
            />
            <Value
              kind={kind}
              name={name}
              value={variants[name] ?? null}
              wrong={at(troubles, `/variants/${pointer(name)}`) !== undefined}
              onValue={(value) => {
                set({ ...variants, [name]: value });
              }}
            />
            <label className="check">
              <input
                type="radio"
                name="default-variant"
                checked={definition.defaultVariant === name}
                onChange={() => {
                  onChange(withMembers(definition, { defaultVariant: name }));
                }}
              />
              <span>{t('flags.default')}</span>
            </label>
            <Button
              look="icon"
              aria-label={t('flags.variant.remove', { name })}
              busy={names.length === 1}
              onClick={() => {
                set(Object.fromEntries(Object.entries(variants).filter(([other]) => other !== name)));
              }}
            >
              <CloseIcon />
            </Button>
          </li>
        ))}
      </ul>
      <Problem text={at(troubles, '/variants') ?? at(troubles, '/defaultVariant')} />
      <div className="row">
        <Button
          onClick={() => {
            set({ ...variants, [freshName(names, 'variant')]: fresh[kind] });
          }}
        >
          {t('flags.variant.add')}
        </Button>
        <label className="check">
          <input
            type="checkbox"
            checked={typeof definition.defaultVariant !== 'string'}
            onChange={(event) => {
              onChange(
                withMembers(definition, { defaultVariant: event.target.checked ? null : (names[0] ?? null) }),
              );
            }}
          />
          <span>{t('flags.default.code')}</span>
        </label>
      </div>
    </section>
  );
}

/** A sentence below what is wrong. */
export function Problem({ text }: { text: string | undefined }) {
  return text ? (
    <p className="problem" role="status">
      {text}
    </p>
  ) : null;
}

/** A part of a JSON Pointer. */
export function pointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

interface NameProps {
  name: string;
  taken: readonly string[];
  onRename: (to: string) => void;
}

/** A name counts when the field is left: half of it may be another variant's. */
function Name({ name, taken, onRename }: NameProps) {
  const [state, setState] = useState({ text: name, name });
  if (state.name !== name) setState({ text: name, name });
  const text = state.text.trim();
  const wrong = text === '' || (text !== name && taken.includes(text));
  return (
    <input
      className="input"
      aria-label={t('flags.variant.name', { name })}
      aria-invalid={wrong || undefined}
      autoComplete="off"
      spellCheck={false}
      value={state.text}
      onChange={(event) => {
        setState({ text: event.target.value, name });
      }}
      onBlur={() => {
        if (wrong) setState({ text: name, name });
        else if (text !== name) onRename(text);
      }}
    />
  );
}

interface ValueProps {
  kind: Kind;
  name: string;
  value: Json;
  wrong: boolean;
  onValue: (value: Json) => void;
}

function Value({ kind, name, value, wrong, onValue }: ValueProps) {
  const label = t('flags.variant.value', { name });
  if (kind === 'bool' && typeof value === 'boolean')
    return (
      <select
        className="input"
        aria-label={label}
        value={String(value)}
        onChange={(event) => {
          onValue(event.target.value === 'true');
        }}
      >
        {(['true', 'false'] as const).map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
    );
  if (kind === 'string' && typeof value === 'string')
    return (
      <input
        className="input"
        aria-label={label}
        aria-invalid={wrong || undefined}
        spellCheck={false}
        autoComplete="off"
        value={value}
        onChange={(event) => {
          onValue(event.target.value);
        }}
      />
    );
  const number = kind === 'number';
  return (
    <ValueInput
      label={label}
      value={value}
      wrong={wrong}
      area={!number}
      inputMode={number ? 'decimal' : undefined}
      write={(one) => (number ? JSON.stringify(one) : pretty(one))}
      read={(text) => {
        const read = readJson(text);
        return (number ? typeof read === 'number' : isObject(read)) ? read : undefined;
      }}
      onValue={onValue}
    />
  );
}
