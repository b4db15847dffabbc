import type { ReactNode } from 'react';
import { APIError, tell } from '../api/error';
import { t } from '../strings';
import { Button } from './button';
import { AlertIcon, InfoIcon } from './icon';

interface Props {
  kind?: 'info' | 'warn' | 'bad';
  title?: string;
  children?: ReactNode;
  /** Read out at once; for what appears after a person acted. */
  alert?: boolean;
}

/** A framed message in the flow of the page. */
export function Notice({ kind = 'info', title, children, alert = false }: Props) {
  return (
    <div className={`notice ${kind}`} role={alert ? 'alert' : undefined}>
      {kind === 'info' ? <InfoIcon /> : <AlertIcon />}
      <div>
        {title && <strong>{title}</strong>}
        {children}
      </div>
    </div>
  );
}

interface ErrorProps {
  error: unknown;
  onRetry?: (() => void) | undefined;
  alert?: boolean;
}

/** An error in words, with a way on and the request's id for whoever has to look for it. */
export function ErrorNotice({ error, onRetry, alert = true }: ErrorProps) {
  const { title, detail } = tell(error);
  const id = error instanceof APIError ? error.problem.request_id : undefined;
  return (
    <Notice kind="bad" title={title} alert={alert}>
      <p>{detail}</p>
      {id && <p className="small">{t('error.request', { id })}</p>}
      {onRetry && <Button onClick={onRetry}>{t('retry')}</Button>}
    </Notice>
  );
}
