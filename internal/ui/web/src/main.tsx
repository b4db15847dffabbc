import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createQueryClient } from './api/queries';
import { ChunkError } from './lazy';
import { createAppRouter } from './router';
import { takeSetupToken } from './setup-token';
import './styles/index.css';
import { applyTheme } from './theme';

applyTheme();
takeSetupToken();

// What a boundary caught is on the screen already; only the unexpected is an error for the console.
function onCaughtError(error: unknown): void {
  if (error instanceof ChunkError) console.warn(error);
  else console.error(error);
}

const root = document.getElementById('root');
if (root) {
  const client = createQueryClient();
  createRoot(root, { onCaughtError }).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <RouterProvider router={createAppRouter()} />
      </QueryClientProvider>
    </StrictMode>,
  );
}
