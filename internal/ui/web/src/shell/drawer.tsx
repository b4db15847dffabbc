import { useLayoutEffect, useRef } from 'react';
import { Button } from '../parts/button';
import { CloseIcon } from '../parts/icons';
import { t } from '../strings';
import { Nav } from './nav';

/** The navigation as a modal drawer, for narrow screens. */
export function Drawer({ onClose }: { onClose: () => void }) {
  const ref = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => {
      dialog?.close();
    };
  }, []);
  return (
    <dialog
      ref={ref}
      className="drawer"
      aria-label={t('nav.label')}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        // Only the backdrop belongs to the dialog itself; a link to where one already is closes it, too.
        if (event.target === ref.current || (event.target as Element).closest('a')) onClose();
      }}
    >
      <Button look="icon" aria-label={t('nav.close')} onClick={onClose}>
        <CloseIcon />
      </Button>
      <nav aria-label={t('nav.label')}>
        <Nav />
      </nav>
    </dialog>
  );
}
