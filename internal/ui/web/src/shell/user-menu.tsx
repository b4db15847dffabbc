import { Suspense, useId, useRef, useState } from 'react';
import type { Me } from '../api/types';
import { lazyPart } from '../lazy';
import { Boundary } from '../parts/boundary';
import { Button } from '../parts/button';
import { PersonIcon } from '../parts/icons';
import { t } from '../strings';

const Body = lazyPart<{ me: Me; onGo: () => void }>(() => import('./user-menu-body'), 'UserMenuBody');

/** The button of the person's own menu, whose body comes with the first look at it. */
export function UserMenu({ me }: { me: Me }) {
  const id = useId();
  const menu = useRef<HTMLDivElement>(null);
  const [asked, setAsked] = useState(false);
  return (
    <>
      <Button
        look="bare"
        className="user"
        popoverTarget={id}
        aria-label={t('user.menu', { name: me.name || me.email })}
        onPointerEnter={() => void Body.preload()}
        onClick={() => {
          setAsked(true);
        }}
      >
        <PersonIcon />
        <span>{me.name || me.email}</span>
      </Button>
      <div id={id} ref={menu} popover="auto" className="menu" role="group" aria-label={t('user.label')}>
        {asked && (
          <Boundary>
            <Suspense>
              <Body me={me} onGo={() => menu.current?.hidePopover()} />
            </Suspense>
          </Boundary>
        )}
      </div>
    </>
  );
}
