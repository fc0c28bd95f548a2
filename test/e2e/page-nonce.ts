/** The same nonce stands in the page of the tests; hosts make a new one for each answer. */
export const pageNonce = 'bm9uY2UtZm9yLXRlc3Rz'
