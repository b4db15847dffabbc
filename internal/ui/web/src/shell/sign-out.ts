import { tell } from '../api/error';
import { post } from '../api/client';
import { forgetSession } from '../api/session';
import { inBase } from '../config';
import { notify } from '../parts/toast';

/** Ends the session and leaves the page, so that nothing of it stays in memory. */
export async function signOut(): Promise<void> {
  try {
    await post('auth/logout', {}, { anonymous: true });
  } catch (error) {
    notify(tell(error).detail, 'bad');
    return;
  }
  forgetSession();
  location.assign(inBase('login'));
}
