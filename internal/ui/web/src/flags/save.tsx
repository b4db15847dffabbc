import { useQueryClient } from '@tanstack/react-query';
import type { Draft } from '../access/use-draft';
import { t } from '../strings';
import { SaveVersion } from '../versions/save';
import type { Definition } from './definition';
import { flagQuery, flagSubject } from './queries';
import type { FlagDetail } from './types';

interface Props {
  flag: FlagDetail;
  draft: Draft<Definition>;
  /** Something is wrong with it, which is said where it is. */
  troubled: boolean;
}

/** The foot of a flag's editor. */
export function SaveFlag({ flag, draft, troubled }: Props) {
  const client = useQueryClient();
  return (
    <SaveVersion<Definition, FlagDetail>
      subject={flagSubject(flag.key)}
      draft={draft}
      latest={flag.definition}
      text={(definition) => definition}
      body={(definition) => ({ definition })}
      trouble={troubled && t('flags.troubled')}
      onSaved={(data, etag) => {
        client.setQueryData(flagQuery(flag.key).queryKey, { flag: data, etag });
        return data.definition;
      }}
    />
  );
}
