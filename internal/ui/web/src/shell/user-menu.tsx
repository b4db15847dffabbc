import { Link } from '@tanstack/react-router';
import { useId, useRef } from 'react';
import type { Me } from '../api/types';
import { Button } from '../parts/button';
import { PersonIcon } from '../parts/icons';
import { useStore } from '../store';
import { t } from '../strings';
import { setTheme, theme, type Theme } from '../theme';
import { signOut } from './sign-out';

const choices: Theme[] = ['auto', 'light', 'dark'];

/** Who is signed in, the theme, the sessions and the way out. */
export function UserMenu({ me }: { me: Me }) {
  const id = useId();
  const menu = useRef<HTMLDivElement>(null);
  const chosen = useStore(theme);
  return (
    <>
      <Button
        look="bare"
        className="user"
        popoverTarget={id}
        aria-label={t('user.menu', { name: me.name || me.email })}
      >
        <PersonIcon />
        <span>{me.name || me.email}</span>
      </Button>
      <div id={id} ref={menu} popover="auto" className="menu" role="group" aria-label={t('user.label')}>
        <div className="menu-who">
          <b>{me.name || me.email}</b>
          <p className="small dim">{me.email}</p>
        </div>
        <fieldset>
          <legend className="small dim">{t('theme')}</legend>
          <div className="segments">
            {choices.map((choice) => (
              <label key={choice}>
                <input
                  type="radio"
                  name="theme"
                  checked={choice === chosen}
                  onChange={() => {
                    setTheme(choice);
                  }}
                />
                {t(`theme.${choice}`)}
              </label>
            ))}
          </div>
        </fieldset>
        <Link to="/account/sessions" className="button bare" onClick={() => menu.current?.hidePopover()}>
          {t('sessions')}
        </Link>
        <Button look="bare" onClick={() => void signOut()}>
          {t('signout')}
        </Button>
      </div>
    </>
  );
}
