import { Field } from '../parts/field';

/** The lines of a text that say something. */
export function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
}

interface Props {
  label: string;
  hint: string;
  error?: string | undefined;
  value: string;
  onChange: (text: string) => void;
}

/** A list that is written one per line. */
export function LinesField({ label, hint, error, value, onChange }: Props) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(wiring) => (
        <textarea
          {...wiring}
          className="input mono"
          rows={3}
          spellCheck={false}
          value={value}
          onChange={(event) => {
            onChange(event.target.value);
          }}
        />
      )}
    </Field>
  );
}
