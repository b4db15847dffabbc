import { useQuery } from '@tanstack/react-query';
import { get } from '../api/client';
import { useMay } from '../api/may';
import type { Items, User } from '../api/types';
import { Person } from '../parts/person';

/** An account by its name, for who may see accounts and if it is among the first of them; else by its id. */
export function Who({ id }: { id: string }) {
  const may = useMay('users.read');
  const users = useQuery({
    queryKey: ['users', 'names'],
    queryFn: async ({ signal }) => (await get<Items<User>>('users?limit=200', signal)).items,
    enabled: may,
    staleTime: 60_000,
  });
  const user = users.data?.find((one) => one.id === id);
  return <Person id={id} name={user?.name || user?.email} />;
}
