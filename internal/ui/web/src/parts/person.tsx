import { useQuery } from '@tanstack/react-query';
import { meQuery } from '../api/queries';
import { t } from '../strings';

/** Who did something: by name where it is known, else by the account's id. */
export function Person({ id, name }: { id: string; name?: string | undefined }) {
  const me = useQuery(meQuery).data;
  if (id === '' || id === 'system') return t('audit.system');
  if (name) return name;
  return me?.id === id ? me.email : <code>{id}</code>;
}
