import { absolute, ago } from '../format';
import { useNow } from './now';

/** A moment as people say it, with the exact time as its title. */
export function Moment({ at }: { at: string }) {
  const now = useNow(15_000);
  return (
    <time dateTime={at} title={absolute(at)}>
      {ago(at, now)}
    </time>
  );
}
