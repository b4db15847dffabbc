import { useId, type InputHTMLAttributes, type ReactNode } from 'react';
import { AlertIcon } from './icon';

interface Wiring {
  id: string;
  'aria-describedby': string | undefined;
  'aria-invalid': true | undefined;
}

interface Props {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  children: (wiring: Wiring) => ReactNode;
}

/** Label, hint and error around one control, wired for assistive technology. */
export function Field({ label, hint, error, children }: Props) {
  const id = useId();
  const described = [hint ? id + 'h' : '', error ? id + 'e' : ''].filter(Boolean).join(' ');
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {hint && (
        <div className="hint" id={id + 'h'}>
          {hint}
        </div>
      )}
      {children({ id, 'aria-describedby': described || undefined, 'aria-invalid': error ? true : undefined })}
      {error && (
        <p className="problem" id={id + 'e'}>
          <AlertIcon />
          {error}
        </p>
      )}
    </div>
  );
}

interface TextProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'id'> {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
}

/** A one-line text field. */
export function TextField({ label, hint, error, ...rest }: TextProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(wiring) => <input className="input" {...wiring} {...rest} />}
    </Field>
  );
}
