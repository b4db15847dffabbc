import { useState, type ComponentProps } from 'react';
import { same, type Json } from './definition';

interface Props extends Omit<ComponentProps<'input'>, 'value' | 'onChange'> {
  label: string;
  value: Json;
  /** The value as text and back; `undefined` is no value yet, and is not handed on. */
  write: (value: Json) => string;
  read: (text: string) => Json | undefined;
  onValue: (value: Json) => void;
  area?: boolean;
  wrong?: boolean;
}

/** A field for a value that is more than its text: what is half written stays, and counts when it can be read. */
export function ValueInput({
  label,
  value,
  write,
  read,
  onValue,
  area = false,
  wrong = false,
  ...rest
}: Props) {
  const [state, setState] = useState({ text: write(value), value, ok: true });
  // A value that came from elsewhere.
  if (!same(state.value, value)) setState({ text: write(value), value, ok: true });
  const common = {
    className: `input${area ? ' mono' : ''}`,
    'aria-label': label,
    'aria-invalid': !state.ok || wrong || undefined,
    autoComplete: 'off',
    spellCheck: false,
    value: state.text,
    onChange: (event: { target: { value: string } }) => {
      const text = event.target.value;
      const next = read(text);
      setState({ text, value: next === undefined ? value : next, ok: next !== undefined });
      if (next !== undefined && !same(next, value)) onValue(next);
    },
  };
  return area ? (
    <textarea rows={Math.min(state.text.split('\n').length + 1, 12)} {...common} />
  ) : (
    <input {...common} {...rest} />
  );
}

export function readJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
