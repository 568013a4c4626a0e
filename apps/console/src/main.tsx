// Before everything else: takes the secret of a link out of the address.
import './links/secret.js';
import '@mantine/core/styles.css';
import '@mantine/dates/styles.css';
import '@mantine/notifications/styles.css';
import './console.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Console } from './console.js';
import { initializeWords, showLanguageOf } from './words/index.js';

// After an update the server no longer has the files that this page names.
window.addEventListener('vite:preloadError', () => window.location.reload());

await initializeWords();
await showLanguageOf(null);
createRoot(document.getElementById('console')!).render(
  <StrictMode>
    <Console />
  </StrictMode>,
);
