import { useQueryClient } from '@tanstack/react-query';
import type { Draft } from '../access/use-draft';
import { t } from '../strings';
import { SaveVersion } from '../versions/save';
import {
  asText,
  draftOf,
  promptQuery,
  promptSubject,
  troubled,
  variablesOf,
  type Prompt,
  type PromptDraft,
} from './prompt';

/** The foot of a template's editor. */
export function SavePrompt({ prompt, draft }: { prompt: Prompt; draft: Draft<PromptDraft> }) {
  const client = useQueryClient();
  return (
    <SaveVersion<PromptDraft, Prompt>
      subject={promptSubject(prompt.name)}
      draft={draft}
      latest={draftOf(prompt)}
      text={asText}
      body={(value) => ({ ...value, variables: variablesOf(value.messages) })}
      trouble={troubled(draft.value.messages) && t('ai.prompt.troubled')}
      onSaved={(data, etag) => {
        client.setQueryData(promptQuery(prompt.name).queryKey, { prompt: data, etag });
        return draftOf(data);
      }}
    />
  );
}
