import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { post } from '../api/client';
import { Button } from '../parts/button';
import { TextField } from '../parts/field';
import { Icon } from '../parts/icon';
import { Refused } from '../resource/refused';
import { t } from '../strings';
import { aiKey } from './queries';

const thumbs = ['up', 'down'] as const;
type Thumb = (typeof thumbs)[number];

const hand =
  'M4.500 7 7.600 1.500c1 0 1.700.8 1.500 1.800L8.600 6H12.800c.9 0 1.500.8 1.300 1.700l-1 4.800c-.2.6-.7 1-1.300 1H4.500zM1.500 7h3v6.500h-3z';

/** How good an answer is, by the one who asked for it. */
export function Rate({ request }: { request: string }) {
  const client = useQueryClient();
  const [thumb, setThumb] = useState<Thumb | null>(null);
  const [comment, setComment] = useState('');
  const rate = useMutation({
    mutationFn: (said: { thumb: Thumb; comment?: string }) =>
      post('ai/feedback', { request_id: request, ...said }),
    onMutate: (said) => {
      setThumb(said.thumb);
    },
    onSuccess: () => client.invalidateQueries({ queryKey: [...aiKey, 'feedback'] }),
  });
  return (
    <div className="stack close">
      <div className="row" role="group" aria-label={t('ai.rate')}>
        {thumbs.map((one) => (
          <Button
            key={one}
            look="icon"
            aria-pressed={thumb === one}
            aria-label={t(`ai.rate.${one}`)}
            title={t(`ai.rate.${one}`)}
            busy={rate.isPending}
            onClick={() => {
              rate.mutate({ thumb: one, ...(comment.trim() && { comment: comment.trim() }) });
            }}
          >
            <span className={one === 'down' ? 'ai-down' : undefined}>
              <Icon>
                <path d={hand} />
              </Icon>
            </span>
          </Button>
        ))}
        <span className="dim small" role="status">
          {rate.isSuccess && t('ai.rate.thanks')}
        </span>
      </div>
      {thumb && (
        <form
          className="filters stretch"
          onSubmit={(event) => {
            event.preventDefault();
            if (comment.trim() !== '' && !rate.isPending) rate.mutate({ thumb, comment: comment.trim() });
          }}
        >
          <TextField
            label={t('ai.rate.comment')}
            autoComplete="off"
            maxLength={4000}
            value={comment}
            onChange={(event) => {
              setComment(event.target.value);
            }}
          />
          <Button type="submit" busy={rate.isPending}>
            {t('ai.rate.send')}
          </Button>
        </form>
      )}
      {rate.error && <Refused error={rate.error} />}
    </div>
  );
}
