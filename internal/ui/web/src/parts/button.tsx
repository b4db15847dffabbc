import type { ComponentProps, MouseEvent } from 'react';

interface Props extends ComponentProps<'button'> {
  look?: 'primary' | 'danger' | 'bare' | 'icon' | undefined;
  /** Waiting for an answer: clicks do nothing, and focus stays, which `disabled` would take away. */
  busy?: boolean;
}

/** A button; `type` is "button" unless told otherwise. */
export function Button({ look, busy = false, className = '', onClick, ...rest }: Props) {
  const shape = look === 'icon' ? 'bare icon' : (look ?? '');
  const click = (event: MouseEvent<HTMLButtonElement>) => {
    if (busy) event.preventDefault();
    else onClick?.(event);
  };
  return (
    <button
      type="button"
      {...rest}
      className={`button ${shape} ${className}`}
      aria-disabled={busy || undefined}
      onClick={click}
    />
  );
}
