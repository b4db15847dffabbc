import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createQueryClient } from './api/queries';
import { ChunkError } from './lazy';
import { firstWords, locale } from './locale';
import { createAppRouter } from './router';
import { takeSetupToken } from './setup-token';
import { useStore } from './store';
import './styles/index.css';
import { applyTheme } from './theme';

applyTheme();
takeSetupToken();

// What a boundary caught is on the screen already; only the unexpected is an error for the console.
function onCaughtError(error: unknown): void {
  if (error instanceof ChunkError) console.warn(error);
  else console.error(error);
}

const client = createQueryClient();
const router = createAppRouter();

// Another language is another page: everything is drawn anew, from what is already known.
function App() {
  return <RouterProvider key={useStore(locale)} router={router} />;
}

const root = document.getElementById('root');
if (root) {
  void firstWords().then(() => {
    createRoot(root, { onCaughtError }).render(
      <StrictMode>
        <QueryClientProvider client={client}>
          <App />
        </QueryClientProvider>
      </StrictMode>,
    );
  });
}
