import { useQueryClient } from '@tanstack/react-query';
import type { Me } from '../api/types';
import { Dialog } from '../parts/dialog';
import { SignInForm } from '../screens/sign-in-form';
import { t } from '../strings';

/** Asks for the password again on top of the page, which keeps the place and what was typed. */
export function SignInAgain({ me }: { me: Me }) {
  const client = useQueryClient();
  return (
    <Dialog title={t('again.title')} onClose={() => undefined} stay>
      <p>{t('again')}</p>
      <SignInForm
        email={me.email}
        onDone={(user) => {
          // Another person's data must not stay on the screen.
          if (user.id !== me.id) location.reload();
          else void client.invalidateQueries();
        }}
      />
    </Dialog>
  );
}
