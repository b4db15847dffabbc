import { useState, type InputHTMLAttributes, type ReactNode } from 'react';
import { config } from '../config';
import { t } from '../strings';
import { Button } from './button';
import { Field } from './field';

interface Props extends Omit<InputHTMLAttributes<HTMLInputElement>, 'id' | 'type'> {
  /** A dialog gives this field the focus when it opens. */
  'data-focus'?: true | undefined;
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
}

/** A password field that can show what was typed. */
export function PasswordField({ label, hint, error, ...rest }: Props) {
  const [shown, setShown] = useState(false);
  return (
    <Field label={label} hint={hint} error={error}>
      {(wiring) => (
        <div className="adorned">
          <input className="input" {...wiring} {...rest} type={shown ? 'text' : 'password'} />
          <Button
            look="bare"
            aria-pressed={shown}
            aria-label={t('password.show')}
            onClick={() => {
              setShown(!shown);
            }}
          >
            {shown ? t('hide') : t('show')}
          </Button>
        </div>
      )}
    </Field>
  );
}

/** A field for a password that is made now: it says beforehand how long that must be. */
export function NewPasswordField({ hint, ...rest }: Props) {
  const least = config.minPassword > 0 && t('password.least', { count: config.minPassword });
  return (
    <PasswordField hint={[least, hint].filter(Boolean).join(' ')} autoComplete="new-password" {...rest} />
  );
}
