// A link from an email carries its token in the fragment, which browsers send to nobody. This script stands right
// behind the hidden form of its page and runs before anything else can look at the address: it takes the token
// out of the address, and so out of the history, and posts it to the server, which keeps it in a cookie. What
// mail programs left around the token or made of it is posted as well: the server knows how to read that.
"use strict";
(() => {
  const mark = /token(=|%)/i;
  const take = () => {
    if (!mark.test(location.hash)) return;
    const form = document.getElementById("link"), token = location.hash;
    history.replaceState(history.state, "", location.pathname + location.search);
    form.elements.token.value = token;
    form.submit();
  };
  take();
  // The link opened once more in a tab that shows its page already: nothing is loaded then.
  addEventListener("hashchange", take);
})();
