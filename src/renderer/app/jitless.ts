import { config } from 'zod'

// Imported before any schema is made: the page's content security policy forbids code made from strings, and zod would try.
config({ jitless: true })
