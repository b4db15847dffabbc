import { Link, useLocation } from '@tanstack/react-router';
import { Suspense, useEffect, useState } from 'react';
import type { Me } from '../api/types';
import { config } from '../config';
import { lazyPart } from '../lazy';
import { Boundary } from '../parts/boundary';
import { Button } from '../parts/button';
import { FindIcon, Mark, MenuIcon } from '../parts/icons';
import { t } from '../strings';
import { UserMenu } from './user-menu';

const Drawer = lazyPart<{ onClose: () => void }>(() => import('./drawer'), 'Drawer');
const Palette = lazyPart<{ onClose: () => void }>(() => import('./palette'), 'Palette');

const apple = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** Menu, mark, find and user: nothing else, so that it fits 360 pixels. */
export function Header({ me }: { me: Me }) {
  const [drawerAt, setDrawerAt] = useState('');
  const [finding, setFinding] = useState(false);
  const { href } = useLocation();

  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      setFinding(true);
    };
    addEventListener('keydown', pressed);
    return () => {
      removeEventListener('keydown', pressed);
    };
  }, []);

  return (
    <header className="header">
      <Button
        look="icon"
        className="open-nav"
        aria-label={t('nav.open')}
        aria-haspopup="dialog"
        onPointerEnter={() => void Drawer.preload()}
        onClick={() => {
          setDrawerAt(href);
        }}
      >
        <MenuIcon />
      </Button>
      <Link to="/" className="brand">
        <Mark />
        <span>{config.title}</span>
      </Link>
      <Button
        look="bare"
        className="find"
        aria-haspopup="dialog"
        aria-keyshortcuts={apple ? 'Meta+K' : 'Control+K'}
        onPointerEnter={() => void Palette.preload()}
        onClick={() => {
          setFinding(true);
        }}
      >
        <FindIcon />
        <span>{t('find')}</span>
        <kbd>{apple ? '⌘ K' : 'Ctrl K'}</kbd>
      </Button>
      <UserMenu me={me} />
      {/* A navigation closes the drawer: it was opened at another address. */}
      {(finding || drawerAt === href) && (
        <Boundary>
          <Suspense>
            {drawerAt === href && (
              <Drawer
                onClose={() => {
                  setDrawerAt('');
                }}
              />
            )}
            {finding && (
              <Palette
                onClose={() => {
                  setFinding(false);
                }}
              />
            )}
          </Suspense>
        </Boundary>
      )}
    </header>
  );
}
