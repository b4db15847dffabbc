import { useRef, useState } from 'react';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { Notice } from '../parts/notice';
import { t } from '../strings';

interface Props {
  name: string;
  secret: string;
  onClose: () => void;
}

/** The new key, this once: the server keeps only what it needs to know it again. */
export function NewKey({ name, secret, onClose }: Props) {
  const field = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState<boolean | null>(null);
  const copy = async () => {
    field.current?.select();
    try {
      await navigator.clipboard.writeText(secret);
      setCopied(true);
    } catch {
      // Without a secure context there is no clipboard: the text is selected for the keyboard.
      setCopied(false);
    }
  };
  return (
    <Dialog title={t('keys.made', { name })} onClose={onClose} stay>
      <Notice kind="warn" title={t('keys.once.title')}>
        <p>{t('keys.once')}</p>
      </Notice>
      <div className="key-secret">
        <input
          ref={field}
          className="input mono"
          readOnly
          data-focus
          aria-label={t('keys.key')}
          value={secret}
          onFocus={(event) => {
            event.target.select();
          }}
        />
        <Button look="primary" onClick={() => void copy()}>
          {t('keys.copy')}
        </Button>
      </div>
      <p role="status" className="small dim">
        {copied === true && t('keys.copied')}
        {copied === false && t('keys.copy.failed')}
      </p>
      <div className="dialog-actions">
        <Button onClick={onClose}>{t('keys.stored')}</Button>
      </div>
    </Dialog>
  );
}
