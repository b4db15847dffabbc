import { Link } from '@tanstack/react-router';
import type { Me } from '../api/types';
import { Button } from '../parts/button';
import { t } from '../strings';
import { Preferences } from './preferences';
import { signOut } from './sign-out';

/** Who is signed in, how the page looks and speaks, the account and the way out. */
export function UserMenuBody({ me, onGo }: { me: Me; onGo: () => void }) {
  return (
    <>
      <div className="menu-who">
        <b>{me.name || me.email}</b>
        <p className="small dim">{me.email}</p>
      </div>
      <Preferences name="menu" />
      <Link to="/account" className="button bare" activeOptions={{ exact: true }} onClick={onGo}>
        {t('user.label')}
      </Link>
      <Link to="/account/sessions" className="button bare" onClick={onGo}>
        {t('sessions')}
      </Link>
      <Link to="/account/keys" className="button bare" onClick={onGo}>
        {t('keys.title')}
      </Link>
      <Button look="bare" onClick={() => void signOut()}>
        {t('signout')}
      </Button>
    </>
  );
}
