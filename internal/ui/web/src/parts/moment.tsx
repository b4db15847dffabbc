import { absolute, ago } from '../format';
import { useNow } from './now';

/** A moment as people say it, with the exact time as its title. */
export function Moment({ at }: { at: string }) {
  // Another moment is told by a present of its own: an older one would put what just happened into the future.
  return <Told key={at} at={at} />;
}

function Told({ at }: { at: string }) {
  const now = useNow(15_000);
  return (
    <time dateTime={at} title={absolute(at)}>
      {ago(at, now)}
    </time>
  );
}
