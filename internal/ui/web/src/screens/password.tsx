import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState, type SubmitEvent } from 'react';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { NewPasswordField, PasswordField } from '../parts/password-field';
import { notify } from '../parts/toast';
import { Refused } from '../resource/refused';
import { remarks } from '../forms/remarks';
import { t } from '../strings';

interface PasswordButtonProps {
  /** The button's words, which are the dialog's title too. */
  verb: string;
  about: string;
  done: string;
  /** Whose it is, for programs that keep passwords. */
  email: string;
  /** Whether the password until now is asked for. */
  own?: boolean;
  save: (password: string, present: string) => Promise<unknown>;
}

/** Opens a dialog that sets a password: one's own, or that of somebody who forgot theirs. */
export function PasswordButton(props: PasswordButtonProps) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button
        aria-haspopup="dialog"
        onClick={() => {
          setOpen(true);
        }}
      >
        {props.verb}
      </Button>
      {open && (
        <PasswordDialog
          {...props}
          onClose={() => {
            setOpen(false);
          }}
        />
      )}
    </>
  );
}

function PasswordDialog({
  verb,
  about,
  done,
  email,
  own,
  save,
  onClose,
}: PasswordButtonProps & { onClose: () => void }) {
  const form = useRef<HTMLFormElement>(null);
  const [present, setPresent] = useState('');
  const [password, setPassword] = useState('');
  const change = useMutation({
    mutationFn: () => save(password, present),
    onSuccess: () => {
      notify(done);
      onClose();
    },
  });
  const fields = remarks(change.error);
  const problem = (pointer: string) => fields.find((field) => field.pointer === pointer);
  const wrong = problem('/present');
  useEffect(() => {
    if (change.error) form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus();
  }, [change.error]);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!change.isPending) change.mutate();
  };
  return (
    <Dialog title={verb} onClose={onClose}>
      <form ref={form} className="stack" noValidate onSubmit={submit}>
        <p>{about}</p>
        <input hidden name="username" autoComplete="username" value={email} readOnly />
        {own && (
          <PasswordField
            label={t('password.present')}
            name="present"
            autoComplete="current-password"
            required
            data-focus
            value={present}
            error={wrong?.detail}
            onChange={(event) => {
              setPresent(event.target.value);
            }}
          />
        )}
        <NewPasswordField
          label={t('password.new')}
          name="password"
          hint={t('setup.password.hint')}
          required
          data-focus={own ? undefined : true}
          value={password}
          error={problem('/password')?.detail}
          onChange={(event) => {
            setPassword(event.target.value);
          }}
        />
        {change.error && !wrong && !problem('/password') && <Refused error={change.error} />}
        <div className="dialog-actions">
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button type="submit" look="primary" busy={change.isPending}>
            {change.isPending ? t('settings.saving') : verb}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
