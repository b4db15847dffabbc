import { Notice } from '../parts/notice';
import { t } from '../strings';
import type { Trouble } from './types';

/** What is wrong with a definition, or ignored in it, each with where it is. */
export function Troubles({
  troubles,
  ignored = false,
  onJump,
}: {
  troubles: readonly Trouble[];
  ignored?: boolean;
  onJump?: (to: Trouble) => void;
}) {
  const count = troubles.length;
  if (count === 0) return null;
  return (
    <Notice
      kind={ignored ? 'warn' : 'bad'}
      title={ignored ? t('flags.ignored', { count }) : t('flags.wrong', { count })}
    >
      <ul className="stack close">
        {troubles.map((one, index) => (
          <li key={index}>
            {one.other && <code>{one.other}</code>} {one.pointer && <code>{one.pointer}</code>}{' '}
            {onJump && one.line > 0 && (
              <button
                type="button"
                className="link"
                onClick={() => {
                  onJump(one);
                }}
              >
                {t('flags.line', { line: one.line, column: one.column })}
              </button>
            )}{' '}
            {one.detail}
          </li>
        ))}
      </ul>
    </Notice>
  );
}

/** What is wrong at a place, or below it. */
export function at(troubles: readonly Trouble[], pointer: string, exactly = false): string | undefined {
  const found = troubles.filter(
    (one) => !one.other && (one.pointer === pointer || (!exactly && one.pointer.startsWith(pointer + '/'))),
  );
  return found.length > 0 ? found.map(({ detail }) => sentence(detail)).join(' ') : undefined;
}

function sentence(text: string): string {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(start) ? start : start + '.';
}
