# Network check, version 1: does this network let a device reach the test points of the vendor?
#
#   powershell -ExecutionPolicy Bypass -File check-1.ps1 <token> <portal> host:port[=listening port] ...
#
# The page that you copied the command from fills in the rest. The script runs in Windows PowerShell 5.1 and in
# PowerShell 7, needs no administrator, changes nothing on this machine, and ends within about half a minute. For each
# host:port it looks the name up, connects, reads who signed the certificate, and asks for the address /e, once directly
# and, where that brings nothing and this machine is told of a proxy, once through the proxy. Then it shows the result,
# and exactly what it would send to the portal; it sends no name of this machine or its user, no list of interfaces, no
# routes, and no proxy's name.
#
# Exit codes: 0 everything is open, 1 something is not, 2 it could not be tested.

[CmdletBinding(PositionalBinding = $false)]
param(
    [Parameter(Position = 0)][string]$Token = '',
    [Parameter(Position = 1)][string]$Portal = '',
    [Parameter(Position = 2, ValueFromRemainingArguments = $true)][string[]]$Ports = @(),
    [string]$Place = '',
    [switch]$NoUpload,
    [switch]$Yes,
    [switch]$Help
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$ConnectLimit = 6000
$TotalLimit = 10000
$MostPorts = 32
$MostBytes = 16384

$Usage = @'
Usage: powershell -ExecutionPolicy Bypass -File check-1.ps1 <token> <portal> host:port[=listening port] ... [options]

  <token>   names your test, and allows to report it and nothing else
  <portal>  the address of the page that you copied the command from: https://portal.example.org
  host:port what to try; host:443=8443 where port 443 is played by port 8443

Options:
  -Place device     this computer is plugged in where the device (the clock) belongs
  -Place wifi       it is in the Wi-Fi that the device uses
  -Place office     it is elsewhere in the company's network
  -Place elsewhere  it is somewhere else: at home, on a mobile network
  -NoUpload         send nothing; print a block of text that can be pasted into the page
  -Yes              send without asking first
  -Help             show this
'@

function Stop-Check([string]$Reason) {
    [Console]::Error.WriteLine($Reason)
    exit 2
}

# --- Arguments -------------------------------------------------------------------------------------------------------

function Read-Port([string]$Word) {
    if ($Word -cnotmatch '^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?):([0-9]{1,5})(=([0-9]{1,5}))?$') {
        Stop-Check "This is not a host and a port like clocks.example.com:443 : $Word"
    }
    $hostName = $Matches[1]
    $port = [int]$Matches[3]
    $listens = $port
    if ($Matches.ContainsKey(5)) { $listens = [int]$Matches[5] }
    foreach ($number in $port, $listens) {
        if ($number -lt 1 -or $number -gt 65535) { Stop-Check "Ports are numbers from 1 to 65535: $Word" }
    }
    return [pscustomobject]@{ HostName = $hostName; Port = $port; Listens = $listens }
}

function Read-Targets([string[]]$Words) {
    $seen = @{}
    $targets = @()
    foreach ($word in $Words) {
        $target = Read-Port $word
        $name = "$($target.HostName):$($target.Port)"
        if ($seen.ContainsKey($name)) { Stop-Check "$name is named twice." }
        $seen[$name] = $true
        $targets += $target
    }
    if ($targets.Count -gt $MostPorts) { Stop-Check "No more than $MostPorts ports at once." }
    return , $targets
}

# --- Looking: runs once for each port, side by side ------------------------------------------------------------------

# One question over TCP, with or without TLS, perhaps through a proxy. Every number that it gives back under Exit is the
# one with which curl says the same.
$Look = {
    param([string]$HostName, [int]$Port, [bool]$Tls, [string]$Path, [string]$Proxy, [int]$ConnectLimit, [int]$TotalLimit)

    $ErrorActionPreference = 'Stop'
    $clock = [Diagnostics.Stopwatch]::StartNew()
    $seen = @{
        Exit = 2; Connected = $false; Ms = 0; Error = ''; Address = ''; Issuer = ''; Status = 0; Body = ''
        Sent = [long]0; Received = [long]0
    }
    # The certificate is judged after the handshake, so that its issuer can be told either way. Nothing is sent to
    # anybody whose certificate does not hold.
    $global:CheckPolicy = [Net.Security.SslPolicyErrors]::None
    $judge = [Net.Security.RemoteCertificateValidationCallback] {
        param($from, $certificate, $chain, $errors)
        $global:CheckPolicy = $errors
        return $true
    }

    function Get-Seconds {
        [long][Math]::Floor(([DateTime]::UtcNow - [DateTime]'1970-01-01').TotalSeconds)
    }

    function Get-Remaining([int]$Limit) {
        [int][Math]::Max(1, $Limit - $clock.ElapsedMilliseconds)
    }

    # The error beneath all wrappings that says what the network did; its own words, on one line.
    function Get-Cause($Caught) {
        $cause = $Caught
        while ($null -ne $cause.InnerException) { $cause = $cause.InnerException }
        return $cause
    }

    function Stop-Look([int]$Code, [string]$Reason) {
        $seen.Exit = $Code
        $seen.Error = $Reason
        throw (New-Object OperationCanceledException $Reason)
    }

    function Get-Addresses([string]$Name) {
        $literal = $null
        if ([Net.IPAddress]::TryParse($Name, [ref]$literal)) { return , @($literal) }
        $asked = [Net.Dns]::GetHostAddressesAsync($Name)
        $answered = $false
        try { $answered = $asked.Wait($ConnectLimit) }
        catch { Stop-Look 6 "Could not resolve host: $Name" }
        if (-not $answered) { Stop-Look 28 "Resolving timed out after $ConnectLimit milliseconds" }
        $found = @($asked.Result | Where-Object { $_.AddressFamily -eq 'InterNetwork' }) +
            @($asked.Result | Where-Object { $_.AddressFamily -eq 'InterNetworkV6' })
        if ($found.Count -eq 0) { Stop-Look 6 "Could not resolve host: $Name" }
        return , @($found | Select-Object -First 4)
    }

    # All addresses at once, the first that connects is taken: one that leads nowhere must not hold up the others.
    function Connect-Any([Net.IPAddress[]]$Addresses, [int]$To) {
        $tries = @($Addresses | ForEach-Object {
            $client = New-Object Net.Sockets.TcpClient($_.AddressFamily)
            @{ Address = $_; Client = $client; Task = $client.ConnectAsync($_, $To) }
        })
        $waiting = $tries
        $refused = $null
        while ($waiting.Count -gt 0) {
            $left = $ConnectLimit - $clock.ElapsedMilliseconds
            if ($left -le 0) { break }
            $tasks = [Threading.Tasks.Task[]]@($waiting | ForEach-Object { $_.Task })
            if ([Threading.Tasks.Task]::WaitAny($tasks, [int]$left) -lt 0) { break }
            foreach ($one in @($waiting | Where-Object { $_.Task.IsCompleted })) {
                if (-not $one.Task.IsFaulted -and $one.Client.Connected) {
                    foreach ($other in $tries) { if ($other.Client -ne $one.Client) { $other.Client.Close() } }
                    return $one
                }
                $refused = Get-Cause $one.Task.Exception
            }
            $waiting = @($waiting | Where-Object { -not $_.Task.IsCompleted })
        }
        foreach ($one in $tries) { $one.Client.Close() }
        $late = $waiting.Count -gt 0
        if (-not $late -and $refused -is [Net.Sockets.SocketException] -and $refused.SocketErrorCode -eq 'TimedOut') {
            $late = $true
        }
        if ($late) { Stop-Look 28 "Connection timed out after $($clock.ElapsedMilliseconds) milliseconds" }
        $said = 'Could not connect'
        if ($refused -is [Net.Sockets.SocketException]) { $said = "Could not connect: $($refused.SocketErrorCode)" }
        Stop-Look 7 $said
    }

    function Test-Late($Caught) {
        $cause = Get-Cause $Caught
        return $cause -is [Net.Sockets.SocketException] -and
            ('TimedOut', 'WouldBlock') -contains [string]$cause.SocketErrorCode
    }

    function Write-Text($Stream, [string]$Text) {
        $bytes = [Text.Encoding]::ASCII.GetBytes($Text)
        $Stream.Write($bytes, 0, $bytes.Length)
        $Stream.Flush()
    }

    # Everything until the other side ends or $Until stands in it.
    function Read-Text($Stream, [string]$Until) {
        $buffer = New-Object byte[] 8192
        $text = New-Object Text.StringBuilder
        while ($text.Length -lt 65536) {
            $left = $TotalLimit - $clock.ElapsedMilliseconds
            $count = 0
            try {
                $Stream.ReadTimeout = [int][Math]::Max(1, $left)
                $count = $Stream.Read($buffer, 0, $buffer.Length)
            }
            catch {
                # An answer is one even if its end is a reset, or does not come.
                if ($text.Length -gt 0) { break }
                if (Test-Late $_.Exception) {
                    Stop-Look 28 "Operation timed out after $($clock.ElapsedMilliseconds) milliseconds"
                }
                Stop-Look 56 'Recv failure: Connection was reset'
            }
            if ($count -le 0 -or $left -le 0) { break }
            [void]$text.Append([Text.Encoding]::ASCII.GetString($buffer, 0, $count))
            if ($Until -ne '' -and $text.ToString().Contains($Until)) { break }
        }
        return $text.ToString()
    }

    function Get-Status([string]$Text) {
        if ($Text -match '^HTTP/1\.[01] ([0-9]{3})') { return [int]$Matches[1] }
        return 0
    }

    $client = $null
    $stream = $null
    try {
        $seen.Sent = Get-Seconds
        $nextHost = $HostName
        $nextPort = $Port
        if ($Proxy -ne '') {
            $through = [Uri]$Proxy
            $nextHost = $through.Host
            $nextPort = $through.Port
        }
        # One answer only, as a list of its own: what a function gives back is unrolled.
        $addresses = Get-Addresses $nextHost
        $seen.Address = $addresses[0].ToString()
        $connected = Connect-Any $addresses $nextPort
        $client = $connected.Client
        $seen.Address = $connected.Address.ToString()
        $seen.Connected = $true
        $stream = $client.GetStream()
        $stream.ReadTimeout = Get-Remaining $ConnectLimit
        $stream.WriteTimeout = Get-Remaining $ConnectLimit
        $name = "${HostName}:$Port"
        $asked = $Path
        if ($Proxy -ne '' -and $Tls) {
            Write-Text $stream "CONNECT $name HTTP/1.1`r`nHost: $name`r`nUser-Agent: check-1`r`n`r`n"
            $granted = Get-Status (Read-Text $stream "`r`n`r`n")
            if ($granted -ne 200) { Stop-Look 56 "CONNECT tunnel failed, response $granted" }
            $stream.ReadTimeout = Get-Remaining $TotalLimit
        }
        elseif ($Proxy -ne '') { $asked = "http://$name$Path" }
        if ($Tls) {
            $secured = New-Object Net.Security.SslStream($stream, $false, $judge)
            try {
                $secured.AuthenticateAsClient($HostName, $null, [Security.Authentication.SslProtocols]::Tls12, $false)
            }
            catch {
                if (Test-Late $_.Exception) { Stop-Look 28 'SSL connection timeout' }
                Stop-Look 35 'TLS handshake failed'
            }
            if ($null -ne $secured.RemoteCertificate) { $seen.Issuer = $secured.RemoteCertificate.Issuer }
            if ($global:CheckPolicy -ne [Net.Security.SslPolicyErrors]::None) {
                Stop-Look 60 "SSL certificate problem: $($global:CheckPolicy)"
            }
            $stream = $secured
        }
        $stream.WriteTimeout = Get-Remaining $TotalLimit
        $head = "GET $asked HTTP/1.1`r`nHost: $name`r`nUser-Agent: check-1`r`nAccept: */*`r`nConnection: close`r`n`r`n"
        try { Write-Text $stream $head }
        catch { Stop-Look 55 'Send failure' }
        $answer = Read-Text $stream ''
        if ($answer -eq '') { Stop-Look 52 'Empty reply from server' }
        $seen.Status = Get-Status $answer
        if ($seen.Status -eq 0) { Stop-Look 1 'Received HTTP/0.9 when not allowed' }
        $seen.Body = $answer
        $seen.Exit = 0
    }
    catch {
        if ($seen.Error -eq '') { $seen.Error = (Get-Cause $_.Exception).GetType().Name }
    }
    finally {
        $seen.Received = Get-Seconds
        $seen.Ms = [int]$clock.ElapsedMilliseconds
        if ($null -ne $stream) { $stream.Dispose() }
        if ($null -ne $client) { $client.Close() }
    }
    return [pscustomobject]$seen
}

# The proxy that this machine is told to use for an address (settings of Windows, a script of the network, or the
# environment); empty for none.
$FindProxy = {
    param([string]$Url)
    $target = [Uri]$Url
    $settings = [Net.WebRequest]::GetSystemWebProxy()
    if ($null -eq $settings -or $settings.IsBypassed($target)) { return '' }
    $found = $settings.GetProxy($target)
    if ($null -eq $found -or $found.Authority -eq $target.Authority -or $found.Scheme -ne 'http') { return '' }
    return "http://$($found.Authority)"
}

# Run one of the blocks above several times side by side; what has not ended in time is $null.
function Invoke-Together([scriptblock]$Block, [object[]]$Calls, [int]$Limit) {
    $pool = [runspacefactory]::CreateRunspacePool(1, [Math]::Max(1, $Calls.Count))
    $pool.Open()
    $running = @(foreach ($call in $Calls) {
        $shell = [powershell]::Create()
        $shell.RunspacePool = $pool
        [void]$shell.AddScript($Block.ToString())
        foreach ($value in $call) { [void]$shell.AddArgument($value) }
        @{ Shell = $shell; Handle = $shell.BeginInvoke() }
    })
    $clock = [Diagnostics.Stopwatch]::StartNew()
    $results = New-Object object[] $running.Count
    for ($i = 0; $i -lt $running.Count; $i++) {
        $left = [int][Math]::Max(1, $Limit - $clock.ElapsedMilliseconds)
        if (-not $running[$i].Handle.AsyncWaitHandle.WaitOne($left)) { continue }
        try {
            $results[$i] = @($running[$i].Shell.EndInvoke($running[$i].Handle))[-1]
        }
        catch { $results[$i] = $null }
        $running[$i].Shell.Dispose()
    }
    # A pool with a hanging call in it would not close before the call ends: the end of this script does.
    if (@($results | Where-Object { $null -eq $_ }).Count -eq 0) { $pool.Dispose() }
    return , $results
}

function New-Interrupted {
    [pscustomobject]@{
        Exit = 2; Connected = $false; Ms = 0; Error = 'interrupted'; Address = ''; Issuer = ''; Status = 0; Body = ''
        Sent = [long]0; Received = [long]0
    }
}

function Get-Signed([string]$Body) {
    if ($Body -cmatch '"signed" *: *"([A-Za-z0-9._-]{1,2048})"') { return $Matches[1] }
    return ''
}

# --- Telling ---------------------------------------------------------------------------------------------------------

# As one plain line that may stand between quotation marks: printable ASCII without quotation marks and backslashes.
function Get-Clean([string]$Text, [int]$Longest) {
    $clean = $Text -replace '[^\x20-\x7e]', '' -replace '["\\]', ''
    if ($clean.Length -gt $Longest) { return $clean.Substring(0, $Longest) }
    return $clean
}

# One word and the reason for one port.
function Get-Verdict($Row) {
    $state = 'NOT OPEN'
    $reason = ''
    switch ($Row.Exit) {
        0 {
            if ($Row.Signed -ne '') { $state = 'open'; $reason = 'our test point answered' }
            else {
                $reason = "something else answered in its place (HTTP status $($Row.Status)): " +
                    'a web filter, or a page to sign in?'
            }
        }
        1 { $reason = 'something answered that is not our test point' }
        6 { $reason = 'DNS does not know the name, or does not tell it here' }
        7 { $reason = 'turned away at once: by a firewall, or on the way' }
        28 {
            if ($Row.Connected) {
                $reason = 'the connection was taken, then nothing came: a firewall or filter probably holds it'
            }
            elseif ($Row.Error -like '*Resolving*') { $reason = 'the DNS server here does not answer' }
            else { $reason = 'no answer at all: a firewall probably drops it' }
        }
        60 {
            $reason = 'somebody else answers with a certificate of their own: a filter that opens encrypted ' +
                "connections? Signed by: $($Row.Issuer)"
        }
        22 { $state = 'not tested'; $reason = 'our test point was asked too often: run this again in a minute' }
        { (35, 52, 55, 56) -contains $_ } {
            $reason = 'broken off as soon as it began: by a firewall or filter, or something else listens there'
        }
        default { $state = 'not tested'; $reason = "PowerShell could not do it ($($Row.Error))" }
    }
    if ($null -ne $Row.Proxy) {
        if ($Row.ProxySigned -ne '') { $reason += ' (through the proxy it works)' }
        else { $reason += ' (through the proxy, too, it does not work)' }
    }
    return @{ State = $state; Reason = $reason }
}

function ConvertTo-Line($Row, [int]$Room) {
    $proxy = 'null'
    if ($null -ne $Row.Proxy) { $proxy = [string]$Row.Proxy }
    $connected = 'false'
    if ($Row.Connected) { $connected = 'true' }
    return ('{{"host":"{0}","port":{1},"exit":{2},"connected":{3},"ms":{4},"error":"{5}","address":"{6}",' +
        '"issuer":"{7}","signed":"{8}","proxy":{9},"proxy_signed":"{10}"}}') -f
        $Row.HostName, $Row.Port, $Row.Exit, $connected, $Row.Ms, (Get-Clean $Row.Error $Room),
        (Get-Clean $Row.Address 45), (Get-Clean $Row.Issuer 200), $Row.Signed, $proxy, $Row.ProxySigned
}

# The quickest answer of ours tells best how this machine's clock differs.
function ConvertTo-Clock([object[]]$Rows) {
    $best = $Rows | Where-Object { $_.Signed -ne '' -and $_.Received -ge $_.Sent } |
        Sort-Object { $_.Received - $_.Sent } | Select-Object -First 1
    if ($null -eq $best) { return 'null' }
    return '{{"sent":{0},"received":{1},"at":"{2}"}}' -f $best.Sent, $best.Received, $best.Signed
}

function ConvertTo-Report([object[]]$Rows, [int]$PortalExit) {
    foreach ($room in 200, 60, 0) {
        $lines = @($Rows | ForEach-Object { ConvertTo-Line $_ $room })
        $head = '{{"v":1,"token":"{0}","place":"{1}","tool":"powershell","portal":{2},' -f $Token, $Place, $PortalExit
        $report = @($head, """clock"":$(ConvertTo-Clock $Rows),", '"ports":[', ($lines -join ",`n"), ']}') -join "`n"
        if ($report.Length -lt $MostBytes) { return "$report`n" }
    }
    Stop-Check 'This does not fit into one report. Name fewer ports at once.'
}

# Hand the report to the portal, directly or through the proxy; what it answered, or $null where it did not.
function Send-Report([string]$Report, [string]$Through) {
    [Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12
    $request = [Net.HttpWebRequest][Net.WebRequest]::Create("$Portal/network/report/")
    $request.Method = 'POST'
    $request.ContentType = 'application/json'
    $request.UserAgent = 'check-1'
    $request.AllowAutoRedirect = $false
    $request.ServicePoint.Expect100Continue = $false
    $request.Timeout = 30000
    $request.ReadWriteTimeout = 30000
    if ($Through -ne '') { $request.Proxy = New-Object Net.WebProxy($Through) } else { $request.Proxy = $null }
    $response = $null
    try {
        $bytes = [Text.Encoding]::ASCII.GetBytes($Report)
        $request.ContentLength = $bytes.Length
        $body = $request.GetRequestStream()
        $body.Write($bytes, 0, $bytes.Length)
        $body.Close()
        $response = $request.GetResponse()
    }
    catch {
        # An answer that says no is one all the same.
        $cause = $_.Exception
        while ($null -ne $cause -and -not ($cause -is [Net.WebException])) { $cause = $cause.InnerException }
        if ($null -ne $cause) { $response = $cause.Response }
    }
    if ($null -eq $response) { return $null }
    try {
        $status = [int]$response.StatusCode
        $ours = $response.ContentType -like 'text/plain*' -and ($status -eq 201 -or ($status -ge 400 -and $status -lt 500))
        if (-not $ours) { return $null }
        $reader = New-Object IO.StreamReader($response.GetResponseStream())
        return @{ Status = $status; Text = (Get-Clean $reader.ReadToEnd() 500) }
    }
    catch { return $null }
    finally { $response.Close() }
}

function Show-Block([string]$Report) {
    $packed = [Convert]::ToBase64String([Text.Encoding]::ASCII.GetBytes($Report))
    Write-Output '' 'To hand it in by hand, copy this block with its first and its last line, and paste it into the' `
        'page that the command came from (any computer or phone will do):' '' '-----BEGIN NETWORK REPORT-----'
    for ($at = 0; $at -lt $packed.Length; $at += 76) {
        Write-Output $packed.Substring($at, [Math]::Min(76, $packed.Length - $at))
    }
    Write-Output '-----END NETWORK REPORT-----'
}

# --- Start -----------------------------------------------------------------------------------------------------------

function Read-Place {
    if ([Console]::IsInputRedirected) {
        Stop-Check 'Say where this computer is, with -Place device, wifi, office or elsewhere.'
    }
    Write-Host ''
    Write-Host 'Where is this computer now?'
    Write-Host '  1  plugged in where the device (the clock) belongs: its own network socket'
    Write-Host '  2  in the Wi-Fi that the device uses'
    Write-Host "  3  elsewhere in the company's network"
    Write-Host '  4  somewhere else: at home, on a mobile network'
    $places = @{ '1' = 'device'; '2' = 'wifi'; '3' = 'office'; '4' = 'elsewhere' }
    while ($true) {
        $answer = ([string](Read-Host 'Type 1, 2, 3 or 4')).Trim()
        if ($places.ContainsKey($answer)) { return $places[$answer] }
    }
}

if ($Help) {
    Write-Output $Usage
    exit 0
}
if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
    Stop-Check 'This PowerShell is restricted and may not open connections. Run the script on another computer.'
}
if ($Token -eq '' -or $Portal -eq '' -or $Ports.Count -eq 0) {
    [Console]::Error.WriteLine($Usage)
    exit 2
}
if ($Token -cnotmatch '^[A-Za-z0-9_-]{22,64}\.[0-9a-f]{32}$') {
    Stop-Check 'The token is not complete. Copy the whole command from the page again.'
}
$Portal = $Portal -replace '/$', ''
# Without https only on this very machine: the token must not travel in the clear.
if ($Portal -cnotmatch '^https://[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(:[0-9]{1,5})?$' -and
    $Portal -cnotmatch '^http://(localhost|127\.0\.0\.1)(:[0-9]{1,5})?$') {
    Stop-Check 'The address of the portal must look like https://portal.example.org'
}
if ('', 'device', 'wifi', 'office', 'elsewhere' -cnotcontains $Place) {
    Stop-Check '-Place is one of: device, wifi, office, elsewhere'
}
$targets = Read-Targets $Ports
Write-Output 'Network check, version 1' `
    "Tries $($targets.Count) ports from this computer, shows the result, and then hands it to" $Portal
if ($Place -eq '') { $Place = Read-Place }

Write-Output '' 'Looking. This takes half a minute at most ...'
$nonce = $Token.Split('.')[0]
$portalUri = [Uri]$Portal
$portalTls = $portalUri.Scheme -eq 'https'

# Port 80 carries plain text, so that an answer there decides. A portal on this very machine has no certificates.
$calls = @(, @($portalUri.Host, $portalUri.Port, $portalTls, '/network/now/', '', $ConnectLimit, $TotalLimit))
foreach ($target in $targets) {
    $tls = $portalTls -and $target.Port -ne 80
    $calls += , @($target.HostName, $target.Listens, $tls, "/e?n=$nonce", '', $ConnectLimit, $TotalLimit)
}
$direct = Invoke-Together $Look $calls ($TotalLimit + 10000)
for ($i = 0; $i -lt $direct.Count; $i++) { if ($null -eq $direct[$i]) { $direct[$i] = New-Interrupted } }

# Once more through the proxy, where the direct way brought nothing of ours.
$missing = @(for ($i = 0; $i -lt $direct.Count; $i++) {
    $wanted = '"signed"'
    if ($i -eq 0) { $wanted = '"now"' }
    if ($direct[$i].Exit -ne 0 -or -not $direct[$i].Body.Contains($wanted)) { $i }
})
$proxies = @{}
$byProxy = @{}
$urls = @(foreach ($i in $missing) {
    $scheme = 'http'
    if ($calls[$i][2]) { $scheme = 'https' }
    , @("${scheme}://$($calls[$i][0]):$($calls[$i][1])/")
})
if ($missing.Count -gt 0) {
    $found = Invoke-Together $FindProxy $urls 8000
    $throughCalls = @()
    $order = @()
    for ($k = 0; $k -lt $missing.Count; $k++) {
        if ($null -eq $found[$k] -or [string]$found[$k] -eq '') { continue }
        $call = $calls[$missing[$k]].Clone()
        $call[4] = [string]$found[$k]
        $proxies[$missing[$k]] = [string]$found[$k]
        $throughCalls += , $call
        $order += $missing[$k]
    }
    if ($order.Count -gt 0) {
        $results = Invoke-Together $Look $throughCalls ($TotalLimit + 10000)
        for ($k = 0; $k -lt $order.Count; $k++) {
            if ($null -eq $results[$k]) { $results[$k] = New-Interrupted }
            $byProxy[$order[$k]] = $results[$k]
        }
    }
}

$portalExit = [int]$direct[0].Exit
if ($portalExit -eq 0 -and -not $direct[0].Body.Contains('"now"')) { $portalExit = 22 }
if ($byProxy.ContainsKey(0) -and $byProxy[0].Exit -eq 0 -and $byProxy[0].Body.Contains('"now"')) { $portalExit = 0 }

$rows = @(for ($i = 1; $i -lt $direct.Count; $i++) {
    $one = $direct[$i]
    $exit = [int]$one.Exit
    $signed = ''
    if ($exit -eq 0) { $signed = Get-Signed $one.Body }
    # Too many questions at once: our own test point says so, and nothing about the network.
    if ($exit -eq 0 -and $one.Status -eq 429) { $exit = 22 }
    $proxy = $null
    $proxySigned = ''
    if ($byProxy.ContainsKey($i)) {
        $proxy = [int]$byProxy[$i].Exit
        if ($proxy -eq 0) { $proxySigned = Get-Signed $byProxy[$i].Body }
    }
    [pscustomobject]@{
        HostName = $targets[$i - 1].HostName; Port = $targets[$i - 1].Port; Exit = $exit
        Connected = [bool]$one.Connected; Ms = [int]$one.Ms; Error = [string]$one.Error; Status = [int]$one.Status
        Address = [string]$one.Address; Issuer = Get-Clean ([string]$one.Issuer) 200; Signed = $signed; Proxy = $proxy
        ProxySigned = $proxySigned; Sent = [long]$one.Sent; Received = [long]$one.Received
    }
})

$outcome = 0
Write-Output ''
foreach ($row in $rows) {
    $verdict = Get-Verdict $row
    if ($verdict.State -eq 'NOT OPEN') { $outcome = 1 }
    elseif ($verdict.State -ne 'open' -and $outcome -eq 0) { $outcome = 2 }
    Write-Output ('  {0,-36} {1,-11} {2}' -f "$($row.HostName) port $($row.Port)", $verdict.State, $verdict.Reason)
}
if ($portalExit -eq 0) { Write-Output ('  {0,-36} {1}' -f 'The portal itself', 'reached') }
else { Write-Output ('  {0,-36} {1}' -f 'The portal itself', "not reached from here ($portalExit)") }

$report = ConvertTo-Report $rows $portalExit
Write-Output '' 'This is all that is sent, and only to the portal:' '' $report
$agreed = -not $NoUpload
if ($agreed -and -not $Yes -and -not [Console]::IsInputRedirected) {
    $agreed = ('', 'y', 'yes') -contains ([string](Read-Host "Send this to $Portal`? [Y/n]")).Trim()
}
if (-not $agreed) {
    Write-Output '' 'Nothing was sent.'
    Show-Block $report
    exit $outcome
}
$answer = Send-Report $report ''
if ($null -eq $answer -and $proxies.ContainsKey(0)) { $answer = Send-Report $report $proxies[0] }
if ($null -ne $answer) { Write-Output '' $answer.Text }
else { Write-Output '' 'The report could not be handed over from here.' }
if ($null -eq $answer -or $answer.Status -eq 429) { Show-Block $report }
exit $outcome
